"""The exchange format: a record as lines of JSON, one per item.

exporter     a record as lines; lines: their form, and checking them
importer     writes lines into a record, and forgets what the other store forgot
"""
