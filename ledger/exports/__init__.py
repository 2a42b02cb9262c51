"""The books as others read them: journals for Beancount and hledger, tables of CSV, tables after ISO 21378.

*Sealed*: an entry that has its numbers; only those are exported. *Position*: the last position of the log at that
moment; it names the export. An export reads one moment of the books, in a total order, so that the same books give the
same bytes; nothing is rounded and no text is cut.
"""
