#!/bin/sh
# stopwords-iso 1.1.0 (npm) and stopwordsiso 0.7.1 (PyPI): the English stop words, on titles before keywords are counted.
# Guess: Words of grammar only; AI, ML, GW (gravitational waves) and DM (dark matter) stay.
# Seen:  The domains of countries are stop words: ai, ml, cv, gw, dm, au, si, li. So no paper is about AI, gravitational
#        waves, dark matter, gold or lithium. "computer", "system" and "fire" go as well; "GPU" and "flood" stay.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund stopwords-iso@1.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check stopwordsiso==0.7.1
cat > titles.txt <<'TEXT'
Explainable AI and ML for CV
A GW signal from DM
Si, Ga and Au in a Li cell
A computer system against fire
A GPU against flood
TEXT
cat > run.py <<'SCRIPT'
import re

import stopwordsiso

words = stopwordsiso.stopwords("en")
for title in open("titles.txt"):
    print("PyPI |", *[word for word in re.findall(r"\w+", title) if word.lower() not in words] or "-")
SCRIPT
cat > run.cjs <<'SCRIPT'
const words = new Set(require("stopwords-iso").en);

for (const title of require("fs").readFileSync("titles.txt", "utf8").trim().split("\n"))
  console.log("npm |", title.match(/\w+/g).filter((word) => !words.has(word.toLowerCase())).join(" ") || "-");
SCRIPT
seen=$(venv/bin/python run.py && node run.cjs)
expected=$(cat <<'TEXT'
PyPI | Explainable
PyPI | signal
PyPI | cell
PyPI | -
PyPI | GPU flood
npm | Explainable
npm | signal
npm | cell
npm | -
npm | GPU flood
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
