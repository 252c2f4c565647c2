#!/bin/sh
# astrocite-bibtex 0.16.4 (npm, BibTeX to CSL JSON): formulas in titles.
# Guess: A formula is kept as TeX, or becomes plain text; what is not known is left as it is.
# Seen:  An exponent in braces is "[object Object]"; < and > become ¡ and ¿, as TeX's oldest fonts would set them in
#        text, also in formulas; a root and the letter of a set vanish, and an index is no longer one.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund astrocite-bibtex@0.16.4
cat > run.cjs <<'SCRIPT'
const { parse } = require("astrocite-bibtex");

const TITLES = [
  "Rates of $10^{-3}$ a year", "Tests with $p<0.05$", "Samples of $n > 30$", "The $\\beta$ decay",
  "Bounds of $\\sqrt{n}$ steps", "Maps of $\\mathbb{R}^n$ and $x_1$",
];
for (const title of TITLES) console.log(`${title} -> ${parse(`@article{k, title = {${title}}}`)[0].title}`);
SCRIPT
seen=$(node run.cjs)
expected=$(cat <<'TEXT'
Rates of $10^{-3}$ a year -> Rates of 10[object Object] a year
Tests with $p<0.05$ -> Tests with p¡0.05
Samples of $n > 30$ -> Samples of n ¿ 30
The $\beta$ decay -> The β decay
Bounds of $\sqrt{n}$ steps -> Bounds of  steps
Maps of $\mathbb{R}^n$ and $x_1$ -> Maps of n and x1
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
