# mathup 1.0.2, ascii2mathml 0.7.1 (npm), py-asciimath 0.3.0 (PyPI), beside asciimath-to-latex 0.5.1 (npm): AsciiMath.
# Guess: 10^-3 has the exponent -3, as with AsciiMath's own script.
# Seen:  The minus alone is the exponent, and the 3 stands on the line behind it; so for e^-x, and a/-2 is a over minus,
#        and then 2. asciimath-to-latex has -3.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund mathup@1.0.2 ascii2mathml@0.7.1 asciimath-to-latex@0.5.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check py-asciimath==0.3.0
cat > run.py <<'SCRIPT'
import logging

from py_asciimath.translator.translator import ASCIIMath2Tex

logging.disable(logging.CRITICAL)
translator = ASCIIMath2Tex(log=False)
for formula in ("10^-3", "e^-x"):
    print(formula, "py-asciimath", translator.translate(formula, from_file=False))
SCRIPT
cat > run.cjs <<'SCRIPT'
const ascii2mathml = require("ascii2mathml").default;
const asciimathToLatex = require("asciimath-to-latex").default;

const short = (markup) => markup.replace(/<\/?(math|mrow)\b[^>]*>/g, "");
import("mathup").then(({ default: mathup }) => {
  for (const formula of ["10^-3", "e^-x", "a/-2"]) {
    console.log(formula, "mathup", short(mathup(formula).toString()));
    console.log(formula, "ascii2mathml", short(ascii2mathml(formula)));
    console.log(formula, "asciimath-to-latex", asciimathToLatex(formula));
  }
});
SCRIPT
seen=$(venv/bin/python run.py && node run.cjs)
expected=$(cat <<'TEXT'
10^-3 py-asciimath ${10}^{-} 3$
e^-x py-asciimath ${e}^{-} x$
10^-3 mathup <msup><mn>10</mn><mo>−</mo></msup><mn>3</mn>
10^-3 ascii2mathml <msup><mn>10</mn><mo>-</mo></msup><mn>3</mn>
10^-3 asciimath-to-latex {10}^{{-{{3}}}}
e^-x mathup <msup><mi>e</mi><mo>−</mo></msup><mi>x</mi>
e^-x ascii2mathml <msup><mi>e</mi><mo>-</mo></msup><mi>x</mi>
e^-x asciimath-to-latex {e}^{{-{{x}}}}
a/-2 mathup <mfrac><mi>a</mi><mo lspace="0">−</mo></mfrac><mn>2</mn>
a/-2 ascii2mathml <mfrac><mi>a</mi><mo>-</mo></mfrac><mn>2</mn>
a/-2 asciimath-to-latex \frac{{a}}{{-{{2}}}}
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
