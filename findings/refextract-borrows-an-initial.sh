# refextract 1.1.7 (PyPI, the reference extraction of INSPIRE): authors with particles in a list of references.
# Guess: All the authors are found, and two of them remain two.
# Seen:  A particle of two words makes an author of two people: "der Berg, T.", who has the surname of the first and the
#        initial of the next, T. Overquill. After such a name the list is over. One word, as in "de Fen", is read well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check refextract==1.1.7
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from refextract import extract_references_from_string

for names in (
    "A. Berg, T. Overquill and B. Moss",
    "A. de Fen, T. Overquill and B. Moss",
    "A. van der Berg, T. Overquill and B. Moss",
    "A. de la Fen, T. Overquill and B. Moss",
    "T. Overquill, A. van der Berg and B. Moss",
):
    text = f"[1] {names}, Phys. Lett. B 512 (2001) 44.\n[2] J. Fen, Phys. Lett. B 513 (2001) 45.\n"
    print(names, "|", *extract_references_from_string(text)[0]["author"])
PYTHON
)
expected=$(cat <<'TEXT'
A. Berg, T. Overquill and B. Moss | A. Berg, T. Overquill and B. Moss
A. de Fen, T. Overquill and B. Moss | A. de Fen, T. Overquill and B. Moss
A. van der Berg, T. Overquill and B. Moss | der Berg, T.
A. de la Fen, T. Overquill and B. Moss | la Fen, T.
T. Overquill, A. van der Berg and B. Moss | T. Overquill
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
