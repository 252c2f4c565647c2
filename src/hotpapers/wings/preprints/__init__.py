"""Servers of preprints besides arXiv, and metadata of any DOI.

openrxiv      reads bioRxiv and medRxiv
crossref      reads servers that register their papers with Crossref
crossref_works  papers in Crossref's answers
registry_job  asks for the metadata of any DOI, and for notices about papers; queries: which; settings: where
name_lookup   finds the papers that ids of indexes and short DOIs name
preprint_source  reading on by days, as all of them do
posted_papers papers as servers describe them: names of authors, dates, texts
mathml_text   formulas as plain text
withdrawals   whether a title or an abstract is a notice of withdrawal
wing          registers the servers
"""
