#!/bin/sh
# mathml-to-latex 1.8.0 (npm): relations, as publishers' MathML of titles and abstracts has them, to LaTeX.
# Guess: ≲ is \lesssim, ≳ \gtrsim, ∓ \mp, ≢ \not\equiv; a sign that it does not know stays as it is.
# Seen:  ≲ is \leq, so "less than about" becomes "at most"; ≳ is \geg, which TeX does not know. ∓ is +-, which reads as
#        ±. ≢ and ≉ are \equiv and \approx with a slash behind them. M⊙ has a \bigodot; log is three letters.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund mathml-to-latex@1.8.0
cat > run.cjs <<'SCRIPT'
const { MathMLToLaTeX } = require("mathml-to-latex");

const text = (body) => MathMLToLaTeX.convert(`<math xmlns="http://www.w3.org/1998/Math/MathML">${body}</math>`);
for (const sign of ["≲", "≳", "≤", "∓", "±", "≢", "≉", "≃"]) {
  console.log(sign, text(`<mi>a</mi><mo>${sign}</mo><mi>b</mi>`));
}
console.log(text("<msub><mi>M</mi><mo>⊙</mo></msub>"), "|", text("<mi>log</mi><mi>n</mi>"));
SCRIPT
seen=$(node run.cjs)
expected=$(cat <<'TEXT'
≲ a \leq b
≳ a \geg b
≤ a \leq b
∓ a +- b
± a \pm b
≢ a \equiv / b
≉ a \approx / b
≃ a \simeq b
M_{\bigodot} | log n
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
