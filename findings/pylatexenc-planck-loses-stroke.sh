#!/bin/sh
# pylatexenc 2.11 (PyPI), unicode_to_latex: titles with units and constants, and Romanian names, to LaTeX.
# Guess: Greek, constants and exponents become formulas (ħ as ℏ, \hbar; 10⁻³ with one exponent), letters accents.
# Seen:  ħ is an h with a macron, \={h}, another letter; 10⁻³ is 10\ensuremath{^-}{\textthreesuperior}; ș stays as it is,
#        though ş with the cedilla is known (the log has a warning); the prime of α′ is an apostrophe.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pylatexenc==2.11
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from pylatexenc.latexencode import unicode_to_latex

for text in ("ħω", "ℏω", "10⁻³ eV", "H₀", "Ionuș", "Ionuş", "α′"):
    print(ascii(text), ascii(unicode_to_latex(text)))
PYTHON
)
expected=$(cat <<'TEXT'
'\u0127\u03c9' '\\={h}\\ensuremath{\\omega}'
'\u210f\u03c9' '\\ensuremath{\\hbar}\\ensuremath{\\omega}'
'10\u207b\xb3 eV' '10\\ensuremath{^-}{\\textthreesuperior} eV'
'H\u2080' 'H\\ensuremath{_0}'
'Ionu\u0219' 'Ionu\u0219'
'Ionu\u015f' 'Ionu\\c{s}'
'\u03b1\u2032' "\\ensuremath{\\alpha}'"
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
