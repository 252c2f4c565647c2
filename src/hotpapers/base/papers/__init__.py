"""Papers: servers that publish them, and mentions of papers in any text.

arxiv           arXiv: identifiers, addresses, categories, announcement days
doi             DOIs: what one is, and where one ends in a text
paper_servers   all servers: their DOIs, versions and addresses; keys of papers
categories      categories of all servers, and the fields of publications; preprint_categories: those of two servers
citations       a paper for reference managers, and in BibTeX
announcement_days  the days on which papers appear on their servers
mentions        mentions of papers in any text, by link, identifier or title

Accepts any text, hostile text too. Functions raise only what their docstrings name.
"""
