"""Finds papers, links and times in text, and writes text for BibTeX: pure functions from text to values.

arxiv        arXiv identifiers and links
mentions     mentions of papers in any text, by link, identifier or title
html_text    HTML as plain text with its links
timestamps   reading and writing timestamps
tex_formulas formulas in a text
bibtex       values of BibTeX fields
domains      domains of any letters as in DNS
accents      letters without accents
person_names given name, family name and suffix

Accepts any text, hostile text too. Functions raise only what their docstrings name.
"""
