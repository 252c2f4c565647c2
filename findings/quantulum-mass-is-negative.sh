# quantulum3 0.10.0 (PyPI): quantities in running text, powers of ten and parsecs.
# Guess: 10^-3 eV is 0.001 eV, as 1e-3 eV is; kpc and Mpc are kiloparsecs and megaparsecs.
# Seen:  10^-3 eV is a number, 10, and then -3 eV: the mass is negative; 10^6 K is 6 K. The Hubble constant is in
#        kilometres per second per megapixel per speed of light, and a kpc is a kilogram-force times the speed of light.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check quantulum3==0.10.0
cd "$folder"
seen=$("$folder/venv/bin/python" -W ignore - <<'PYTHON'
from quantulum3 import parser

for text in (
    "a mass of 1e-3 eV",
    "a mass of 10^-3 eV",
    "a mass of 1.2 × 10^-3 eV",
    "a gas at 10^6 K",
    "H0 = 70 km/s/Mpc",
    "a brook 10 kpc away",
):
    print(text, "|", ", ".join(f"{found.value:g} {found.unit.name}" for found in parser.parse(text)))
PYTHON
)
expected=$(cat <<'TEXT'
a mass of 1e-3 eV | 0.001 electronvolt
a mass of 10^-3 eV | 10 dimensionless, -3 electronvolt
a mass of 1.2 × 10^-3 eV | 1.2 dimensionless, 10 dimensionless, -3 electronvolt
a gas at 10^6 K | 10 dimensionless, 6 kelvin
H0 = 70 km/s/Mpc | 70 kilometre per second per megapixel per speed of light
a brook 10 kpc away | 10 kilogram-force speed of light
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
