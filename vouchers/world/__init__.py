"""World files: YAML that declares organisations, people, centres, programmes, vouchers and orders.

A file is applied whole or refused whole. Applying it again changes nothing. *Problem*: what is wrong at one line.
"""
