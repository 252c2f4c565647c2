"""Papers: servers that publish them, and mentions of papers in any text.

arxiv      arXiv: identifiers, addresses, categories, announcement days
mentions   mentions of papers in any text, by link, identifier or title

Accepts any text, hostile text too. Functions raise only what their docstrings name.
"""
