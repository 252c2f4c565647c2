# chemparse 0.3.2, chemformula 1.5.1, molmass 2026.1.8 (PyPI), molecular-formula 1.1.5, mf-parser 3.9.3 (npm): hydrates.
# Guess: CuSO4.5H2O, as in any textbook, has 4 + 5 oxygen atoms and 10 of hydrogen, or is an error.
# Seen:  With the full stop 5.5 (4.5 + 1) or 46 (45 + 1), and 9 only in molmass; with the dot in the middle 4 (the water
#        is left out), 46, 21 (4 times 5, and 1) or an error. chemformula, whose manual has hydrates, makes it weigh 834
#        instead of 250. molecular-formula drops every full stop: La1.85Sr0.15CuO4 has 185 atoms of lanthanum.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund molecular-formula@1.1.5 mf-parser@3.9.3
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check chemparse==0.3.2 chemformula==1.5.1 molmass==2026.1.8
cat > run.py <<'SCRIPT'
import chemparse
import molmass
from chemformula import ChemFormula

for formula in ("CuSO4.5H2O", "CuSO4·5H2O"):
    for count in (
        lambda: ("chemparse", chemparse.parse_formula(formula)["O"]),
        lambda: ("chemformula", ChemFormula(formula).element["O"], f"{ChemFormula(formula).formula_weight:.1f}"),
        lambda: ("molmass", molmass.Formula(formula).composition()["O"].count),
    ):
        try:
            print(formula, *count())
        except (AssertionError, molmass.FormulaError) as error:
            print(formula, type(error).__name__)
SCRIPT
cat > run.cjs <<'SCRIPT'
const Formula = require("molecular-formula");
const { MF } = require("mf-parser");

for (const formula of ["CuSO4.5H2O", "CuSO4·5H2O"]) {
  console.log(formula, "molecular-formula", new Formula(formula).composition.O);
  console.log(formula, "mf-parser", new MF(formula).getInfo().atoms.O);
}
console.log("La1.85Sr0.15CuO4", new Formula("La1.85Sr0.15CuO4").composition.La);
SCRIPT
seen=$(venv/bin/python run.py && node run.cjs)
expected=$(cat <<'TEXT'
CuSO4.5H2O chemparse 5.5
CuSO4.5H2O chemformula 46 833.6
CuSO4.5H2O molmass 9
CuSO4·5H2O chemparse 4.0
CuSO4·5H2O AssertionError
CuSO4·5H2O FormulaError
CuSO4.5H2O molecular-formula 46
CuSO4.5H2O mf-parser 5.5
CuSO4·5H2O molecular-formula 46
CuSO4·5H2O mf-parser 21
La1.85Sr0.15CuO4 185
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
