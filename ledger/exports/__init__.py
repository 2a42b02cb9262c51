"""The books as others read them: journals for Beancount and hledger, tables of CSV, tables after ISO 21378.

*Position*: the size of the newest checkpoint, or of the log where nothing was ever signed; it names the export. Only
entries that stand in the log up to it are exported. An export reads one moment of the books, in a total order, so that
the same books give the same bytes; nothing is rounded and no text is cut.
"""
