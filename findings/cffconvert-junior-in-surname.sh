#!/bin/sh
# cffconvert 2.0.0 (PyPI): CITATION.cff to BibTeX, from a file that it finds valid.
# Guess: Particle and suffix come as BibTeX wants them, "van der Berg, Jr., Ann", and what TeX would read is escaped.
# Seen:  "van der Berg Jr., Ann", so the surname is "Berg Jr."; & and % stand bare, and % hides the rest of the line from
#        TeX. preferred-citation, the paper to cite instead of the program, is left out without a word.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cffconvert==2.0.0
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from cffconvert import Citation

TEXT = """cff-version: 1.2.0
message: Cite the paper.
title: "Kettles & lids, 100% tight"
date-released: 2024-03-15
authors:
  - {family-names: Berg, given-names: Ann, name-particle: van der, name-suffix: Jr.}
preferred-citation:
  type: article
  title: A study of kettles
  authors: [{family-names: Kettle, given-names: Bo}]
"""
citation = Citation(TEXT)
citation.validate()
print(citation.as_bibtex())
PYTHON
)
expected=$(cat <<'TEXT'
@misc{YourReferenceHere,
author = {van der Berg Jr., Ann},
month = {3},
title = {Kettles & lids, 100% tight},
year = {2024}
}
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
