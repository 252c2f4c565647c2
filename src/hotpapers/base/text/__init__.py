"""Text from anywhere, as values: pure functions, which accept any text, hostile text too.

html_text    HTML as plain text with its links
clean_text   what no output may contain
unescaping   removes escapes: percent-encoding, HTML entities, JSON escapes, invisible characters
timestamps   reading and writing timestamps
raised_text  powers without their markup
tex_formulas formulas in a text
tex_letters  TeX's names of letters and signs, and its accents
bibtex_fields   values of BibTeX fields
domains      domains of any letters as in DNS
accents      letters without accents
person_names given name, family name and suffix
words        numbers, counted nouns and handles in sentences
text_tables  figures as tables
patterns     regular expressions that are compiled when they are used

Functions raise only what their docstrings name.
"""
