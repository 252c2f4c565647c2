#!/bin/sh
# pubmed-parser 0.5.1 (PyPI), parse_medline_xml with author_list: PubMed's own XML of a record.
# Guess: A consortium (CollectiveName) is an author by its name, Jr is part of a name, and powers keep a sign.
# Seen:  The consortium is an author with an empty name, so the count is right and nobody is named; Jr is left out;
#        10<sup>3</sup> is 103. A winter (PubDate with MedlineDate) is the year alone, also if months are asked for.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pubmed-parser==0.5.1
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import gzip

from pubmed_parser import parse_medline_xml

record = """<?xml version="1.0"?>
<PubmedArticleSet><PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">99999999</PMID><Article
PubModel="Print"><Journal><JournalIssue><Volume>1</Volume><PubDate><MedlineDate>2024 Nov-Dec</MedlineDate></PubDate>
</JournalIssue><Title>Kettle notes</Title></Journal>
<ArticleTitle>Tea with 10<sup>3</sup> leaves in H<sub>2</sub>O.</ArticleTitle><AuthorList CompleteYN="Y">
<Author><LastName>Moss</LastName><ForeName>Jane</ForeName><Initials>J</Initials><Suffix>Jr</Suffix></Author>
<Author><CollectiveName>Kettle Consortium</CollectiveName></Author></AuthorList></Article></MedlineCitation>
</PubmedArticle></PubmedArticleSet>"""
with gzip.open("records.xml.gz", "wt") as file:
    file.write(record)
for paper in parse_medline_xml("records.xml.gz", author_list=True, year_info_only=False):
    print(paper["title"], "|", paper["pubdate"])
    for author in paper["authors"]:
        print([author[name] for name in ("lastname", "forename", "initials")])
    print("Consortium" in str(paper), "Jr" in str(paper))
PYTHON
)
expected=$(cat <<'TEXT'
Tea with 103 leaves in H2O. | 2024
['Moss', 'Jane', 'J']
['', '', '']
False False
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
