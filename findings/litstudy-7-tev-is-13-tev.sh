# litstudy 1.0.6 (PyPI): union of two sets of papers without identifiers, here from RIS, as for a systematic review.
# Guess: Papers with the same title but for case and signs are one; what differs by a word or a number stays two.
# Seen:  Words that begin with a digit and words of one letter are left out, and a Greek letter is made Latin first: the
#        searches at 7 and 13 TeV, the alpha and the beta phase, vitamins C and D, and Parts 1 and 2 are one paper each,
#        and the later one is dropped. Years are not compared. Parts II and III stay two.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check litstudy==1.0.6 bibtexparser==1.4.4
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from litstudy import load_ris_file

for titles in (
    ("A search for kettles at 7 TeV", "A search for kettles at 13 TeV"),
    ("Magnetic order in α-RuCl3", "Magnetic order in β-RuCl3"),
    ("Trials of vitamin C in kettles", "Trials of vitamin D in kettles"),
    ("Kettles in brooks. Part 1", "Kettles in brooks. Part 2"),
    ("Kettles in brooks. Part II", "Kettles in brooks. Part III"),
):
    sets = []
    for year, title in enumerate(titles, 2019):
        with open("papers.ris", "w") as file:
            file.write(f"TY  - JOUR\nAU  - Berg, Ann\nTI  - {title}\nPY  - {year}\nER  - \n")
        sets.append(load_ris_file("papers.ris"))
    print([paper.title for paper in sets[0] | sets[1]])
PYTHON
)
expected=$(cat <<'TEXT'
['A search for kettles at 7 TeV']
['Magnetic order in α-RuCl3']
['Trials of vitamin C in kettles']
['Kettles in brooks. Part 1']
['Kettles in brooks. Part II', 'Kettles in brooks. Part III']
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
