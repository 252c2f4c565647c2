#!/bin/sh
# compromise 14.17.0 (npm, grammar of English), numbers().toNumber(): number words of abstracts as digits.
# Guess: Ordinals become 2nd, 3rd and 4th, whatever article they have; "two-thirds" is 0.667.
# Seen:  After "a", an ordinal is a fraction, and stays an ordinal all the same: a second-order transition is of 0.5th
#        order, a third-body term 0.333rd-body, and a second layer "0.5th layer". After "the" all is as guessed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" compromise@14.17.0
seen=$(node - <<'SCRIPT'
const nlp = require("compromise");
const texts = ["a second-order phase transition", "the second-order term", "A third-body term is small.",
  "a fourth-generation quark", "We add a second layer.", "Two-thirds of the sample"];
for (const text of texts) {
  const read = nlp(text);
  read.numbers().toNumber();
  console.log(read.text());
}
SCRIPT
)
expected=$(cat <<'TEXT'
0.5th-order phase transition
the 2nd-order term
0.333rd-body term is small.
0.25th-generation quark
We add 0.5th layer.
0.667 of the sample
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
