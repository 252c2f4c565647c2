#!/bin/sh
# email-reply-parser 0.5.12 (PyPI, of Zapier): the reader's own words of a mail that quotes nothing.
# Guess: all of it, without the signature; only "On <date>, <name> wrote:" before a quotation is cut.
# Seen:  any line from "On" to "wrote:" is such a line, and the mail ends there, at "On the second page she wrote:". A list
#        with "-" stays, and so does what follows "--" alone.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet email-reply-parser==0.5.12
cat > run.py <<'SCRIPT'
from email_reply_parser import EmailReplyParser

for text in (
    "Please correct the title.\n\nOn the second page she wrote:\nTea is hot.\n\nAnd add bioRxiv.\n\nTansy",
    "Three points:\n\n- one\n- two\n",
    "1. First\n--\n2. Second",
):
    print(repr(EmailReplyParser.parse_reply(text)))
SCRIPT
seen=$(venv/bin/python run.py)
expected=$(cat <<'TEXT'
'Please correct the title.'
'Three points:\n\n- one\n- two'
'1. First\n--\n2. Second'
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
