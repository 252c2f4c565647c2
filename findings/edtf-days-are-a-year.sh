#!/bin/sh
# edtf 5.0.2 (PyPI), text_to_edtf: dates of conferences and issues as they are printed.
# Guess: "1-5 June 2024" is an interval of days, or its first day, or None; in any case it is in 2024.
# Seen:  The last day is taken for a year and 2024 is dropped: 2001-06-05, and "June 1-5, 2024" is 2005-06-01. "Mar-Apr
#        2024" begins in March of an unknown year. "Waterfall Days 2024" is autumn: fall is found within words.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check edtf==5.0.2
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from edtf import parse_edtf, text_to_edtf

for text in ("1-5 June 2024", "June 1-5, 2024", "Mar-Apr 2024", "Nov 2023-Jan 2024", "Waterfall Days 2024", "15 March 2024"):
    date = text_to_edtf(text)
    print(text, "|", date, "|", type(parse_edtf(date)).__name__)
PYTHON
)
expected=$(cat <<'TEXT'
1-5 June 2024 | 2001-06-05 | Date
June 1-5, 2024 | 2005-06-01 | Date
Mar-Apr 2024 | XXXX-03/2024-04 | Level2Interval
Nov 2023-Jan 2024 | 2023-11/2024-01 | Interval
Waterfall Days 2024 | 2024-23 | Season
15 March 2024 | 2024-03-15 | Date
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
