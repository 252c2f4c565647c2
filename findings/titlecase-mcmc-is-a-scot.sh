#!/bin/sh
# titlecase 2.4.1 (PyPI): acronyms in titles of papers.
# Guess: MCMC stays as it is, like mRNA and pH: a word that has capitals already is left alone.
# Seen:  McMc: whatever begins with MC and has two more letters is a Scottish surname, even in capitals: adaptive optics
#        get McAo, Monte Carlo tree search McTs. MCP and PCMCI stay.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check titlecase==2.4.1
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from titlecase import titlecase

for title in ("fast MCMC for mRNA and pH", "the MCAO of a telescope", "MCTS with an MCP server", "quick PCMCI tests"):
    print(titlecase(title))
PYTHON
)
expected=$(cat <<'TEXT'
Fast McMc for mRNA and pH
The McAo of a Telescope
McTs With an MCP Server
Quick PCMCI Tests
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
