#!/bin/sh
# speech-rule-engine 4.1.5 (npm, reads MathML aloud), rules of ClearSpeak: formulas of abstracts.
# Guess: Letters that stand together are read one after the other, or as a product; a power of -1 is the reciprocal,
#        but for functions that have an inverse of that name, such as the sine.
# Seen:  Water is "H sub 2 of O": a letter with an index is a function of the next one. One divided by log n is "the
#        inverse log of n". The bar of a ket divides, the mean <x> is read as x, and the signs for greater or less than
#        about are "or equivalent to".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund speech-rule-engine@4.1.5
cat > run.cjs <<'SCRIPT'
const engine = require("speech-rule-engine");

const minus = "<mrow><mo>−</mo><mn>1</mn></mrow>";
const FORMULAS = {
  "H2O": '<msub><mi mathvariant="normal">H</mi><mn>2</mn></msub><mi mathvariant="normal">O</mi>',
  "1/log n": `<msup><mi>log</mi>${minus}</msup><mi>n</mi>`,
  "arcsin x": `<msup><mi>sin</mi>${minus}</msup><mi>x</mi>`,
  "ket": "<mo>|</mo><mi>ψ</mi><mo>⟩</mo>",
  "mean": "<mo>⟨</mo><mi>x</mi><mo>⟩</mo>",
  "about 6 or more": "<mi>z</mi><mo>≳</mo><mn>6</mn>",
};

engine.setupEngine({ locale: "en", domain: "clearspeak", modality: "speech" }).then(() => {
  for (const [name, content] of Object.entries(FORMULAS)) {
    console.log(`${name}: ${engine.toSpeech(`<math>${content}</math>`)}`);
  }
});
SCRIPT
seen=$(node run.cjs)
expected=$(cat <<'TEXT'
H2O: normal H sub 2 of normal O
1/log n: the inverse log of n
arcsin x: the inverse sine of x
ket: divides psi right angle bracket
mean: x
about 6 or more: z is greater than or equivalent to 6
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
