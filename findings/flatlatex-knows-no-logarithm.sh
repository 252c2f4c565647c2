#!/bin/sh
# flatlatex 0.15 (PyPI, formulas as plain text): functions, calligraphic letters, subscripts without a sign of their own.
# Guess: \log n is "log n", \mathcal{O} is U+1D4AA, p_T is p_T or pT.
# Seen:  \log is not known: it stays, and the blank after it goes, so what is left is another command, \logn. \mathcal
#        gives bold script, U+1D4DE. p_T is p[T].
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check flatlatex==0.15
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import flatlatex

convert = flatlatex.converter().convert
for formula in (r"O(n\log n)", r"\sin x", r"\mathcal{O}(n)", "p_T", "10^{-3}"):
    print(ascii(convert(formula)))
PYTHON
)
expected=$(cat <<'TEXT'
'O(n\\logn)'
'\\sinx'
'\U0001d4de(n)'
'p[T]'
'10\u207b\xb3'
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
