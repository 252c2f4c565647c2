"""Finds papers, links and times in text, and writes text for BibTeX: pure functions from text to values.

arxiv        arXiv identifiers and links
mentions     mentions of papers in any text, by link, identifier or title
html_text    HTML as plain text with its links
timestamps   reading and writing timestamps
bibtex       values of BibTeX fields

Accepts any text, hostile text too. Functions raise only what their docstrings name.
"""
