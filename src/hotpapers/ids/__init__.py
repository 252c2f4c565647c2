"""What texts name, and when: pure functions from text to values.

arxiv        arXiv identifiers and links
mentions     mentions of papers in any text, by link, identifier or title
html_text    HTML as plain text with its links
timestamps   moments, read and written

Takes text of any kind, hostile text too; never raises but for what its docstring names.
"""
