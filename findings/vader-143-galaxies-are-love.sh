#!/bin/sh
# vaderSentiment 3.3.2 (PyPI, the mood of short posts): numbers, acronyms and references to figures in posts on papers.
# Guess: A reference such as (Sect. 8) changes no score, nor does a number or an acronym.
# Seen:  The lexicon has slang of pagers and chats, also numbers: 143 galaxies are good, 144 neutral, 187 and 86 bad. AML
#        (a leukaemia) and NP are good, the dx of an integral is very bad, and "8)" of "(see Fig. 8)" is a smiling face.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check vaderSentiment==3.3.2
cat > run.py <<'SCRIPT'
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

analyzer = SentimentIntensityAnalyzer()
for text in (
    "We observed 143 galaxies.",
    "We observed 144 galaxies.",
    "We observed 187 galaxies.",
    "We observed 86 galaxies.",
    "Mutations in AML",
    "Mutations in ALL",
    "Routing is in NP",
    "Decays of K to KK",
    "The integral over f dx",
    "The bound (see Fig. 7) holds",
    "The bound (see Fig. 8) holds",
):
    print(f"{analyzer.polarity_scores(text)['compound']:+.2f} {text}")
SCRIPT
seen=$(venv/bin/python run.py)
expected=$(cat <<'TEXT'
+0.64 We observed 143 galaxies.
+0.00 We observed 144 galaxies.
-0.62 We observed 187 galaxies.
-0.38 We observed 86 galaxies.
+0.73 Mutations in AML
+0.00 Mutations in ALL
+0.48 Routing is in NP
+0.14 Decays of K to KK
-0.61 The integral over f dx
+0.00 The bound (see Fig. 7) holds
+0.44 The bound (see Fig. 8) holds
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
