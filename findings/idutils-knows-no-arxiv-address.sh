#!/bin/sh
# idutils 1.7.1 (PyPI, the identifiers of Invenio and Zenodo): addresses of DOIs and of arXiv.
# Guess: An address at arxiv.org is an arXiv id, as one at doi.org is a DOI; to_url gives the page of the paper.
# Seen:  https://doi.org/… is a DOI, https://arxiv.org/abs/… merely a URL. normalize_pid puts arXiv: before the whole
#        address. to_url writes http and a path of arxiv.org with the prefix in it: /abs/arXiv:…
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check idutils==1.7.1
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import idutils

for text in ("https://doi.org/10.1234/kettle", "https://arxiv.org/abs/2601.00001v3", "https://arxiv.org/pdf/2601.00001"):
    print(idutils.detect_identifier_schemes(text))
print(idutils.normalize_pid("https://arxiv.org/abs/2601.00001v3", "arxiv"))
print(idutils.to_url("math.GT/0309136v2", "arxiv"))
PYTHON
)
expected=$(cat <<'TEXT'
['doi', 'url']
['url']
['url']
arXiv:https://arxiv.org/abs/2601.00001v3
http://arxiv.org/abs/arXiv:math/0309136v2
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
