#!/bin/sh
# pybtex 0.26.1 (PyPI), style alpha (BibTeX's labels such as [BK24]): authors whose names begin beyond ASCII; "and others".
# Guess: Ørsted and Kettle are [ØK24] or [OK24]; the list of authors ends with "et al.", as in BibTeX's own alpha.
# Seen:  A letter that Unicode does not decompose is left out: [K24], as if Kettle were alone; two Chinese authors are
#        [24]. After an apostrophe the surname is not cut: [dAscoliK24]. "and others" is printed so, not as et al.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pybtex==0.26.1
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from pybtex import format_from_string

for authors in (
    "Berg, Ann and Kettle, Bo",
    "Élie, Ann and Kettle, Bo",
    "Ørsted, Ann and Kettle, Bo",
    "Łuk, Ann and Kettle, Bo",
    "王, 小明 and 李, 小红",
    "d'Ascoli, Tansy and Kettle, Bo",
    "Berg, Ann and others",
):
    entry = f"@misc{{a, author={{{authors}}}, title={{Kettles}}, year=2024}}"
    print(format_from_string(entry, style="alpha", output_backend="text").strip())
PYTHON
)
expected=$(cat <<'TEXT'
[BK24] Ann Berg and Bo Kettle. Kettles. 2024.
[EK24] Ann Élie and Bo Kettle. Kettles. 2024.
[K24] Ann Ørsted and Bo Kettle. Kettles. 2024.
[K24] Ann Łuk and Bo Kettle. Kettles. 2024.
[24] 小明 王 and 小红 李. Kettles. 2024.
[dAscoliK24] Tansy d'Ascoli and Bo Kettle. Kettles. 2024.
[B+24] Ann Berg and others. Kettles. 2024.
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
