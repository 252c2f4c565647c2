#!/bin/sh
# typst 0.15.2 (PyPI, with hayagriva inside) reads BibTeX and prints its bibliography; pypdf 7.1.1 reads the page.
# Guess: A formula in a title, such as $H_0$ or $n\geq 2$, is printed as the formula that it is in TeX.
# Seen:  It is read as Typst's own mathematics, where a backslash escapes one letter and eq is "=": n≥2 becomes "ng = 2",
#        \pi the product "pi", \sim "s im", 5~$\mu$m "5~mum" with the tilde. If one formula is none in Typst (\alpha_s),
#        those that could not be read stay as source without the dollars. Nothing is said.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check typst==0.15.2 pypdf==7.1.1
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import unicodedata

import pypdf
import typst

TITLES = (
    r"Groups of rank $n\geq 2$",
    r"Up to $\pi$",
    r"A line at $\sim$10~keV",
    r"Dust of 5~$\mu$m",
    r"The $H_0$ tension",
    r"The $H_0$ tension and $\alpha_s$",
)
with open("papers.bib", "w") as file:
    for number, title in enumerate(TITLES):
        file.write(f"@misc{{k{number}, author={{Berg, Ann}}, title={{{title}}}, year=2024}}\n")
with open("papers.typ", "w") as file:
    file.write('#set page(width: 40cm)\n#bibliography("papers.bib", full: true, style: "ieee")\n')
typst.compile("papers.typ", output="papers.pdf")
page = pypdf.PdfReader("papers.pdf").pages[0].extract_text()
print(unicodedata.normalize("NFKC", page).replace("\u201c", '"').replace("\u201d", '"'))
PYTHON
)
expected=$(cat <<'TEXT'
Bibliography
[1] A. Berg, "Groups of rank ng = 2". 2024.
[2] A. Berg, "Up to pi". 2024.
[3] A. Berg, "A line at s im10~keV". 2024.
[4] A. Berg, "Dust of 5~mum". 2024.
[5] A. Berg, "The H0 tension". 2024.
[6] A. Berg, "The H0 tension and \alpha_s". 2024.
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
