#!/bin/sh
# text2digits 0.1.2 (PyPI, number words to digits): sentences of abstracts.
# Guess: Number words become digits where they count something; pronouns, ordinals and the unit second stay as they are.
# Seen:  Ordinals become cardinals, so that the first author is one author, and a frame a second is a frame a two. The
#        pronoun one is a number ("1 cannot hear"), but hundreds and thirds stay words.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check text2digits==0.1.2
cat > run.py <<'SCRIPT'
from text2digits import text2digits

converter = text2digits.Text2Digits()
for text in (
    "twenty one qubits",
    "one hundred and one reasons",
    "thirty frames a second",
    "a second look at old data",
    "the first author",
    "one cannot hear the shape of a drum",
    "no one knows",
    "zero-shot learning",
    "two thirds of hundreds of papers",
):
    print(f"{text} -> {converter.convert(text)}")
SCRIPT
seen=$(venv/bin/python run.py)
expected=$(cat <<'TEXT'
twenty one qubits -> 21 qubits
one hundred and one reasons -> 101 reasons
thirty frames a second -> 30 frames a 2
a second look at old data -> a 2 look at old data
the first author -> the 1 author
one cannot hear the shape of a drum -> 1 cannot hear the shape of a drum
no one knows -> no 1 knows
zero-shot learning -> 0-shot learning
two thirds of hundreds of papers -> 2 thirds of hundreds of papers
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
