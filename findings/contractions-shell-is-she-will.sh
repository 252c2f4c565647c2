# contractions 0.1.73 (PyPI), fix(), a usual first step with titles before topic models: words without an apostrophe.
# Guess: Only words with an apostrophe change; U(1) and ill-posed stay.
# Seen:  A shell is taken for "she'll": a nuclear she will model, open-she will ions. The gauge group U(1) is YOU(1), an
#        up quark "you", a cant (a slope) "cannot". "ill" is left alone.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check contractions==0.1.73
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import contractions

for title in (
    "A nuclear shell model",
    "K-shell lines of open-shell ions",
    "U(1) and SU(2) in a brook",
    "The u and d quarks in a vacuum",
    "A beam with a cant of 3 degrees",
    "It's an ill-posed problem",
):
    print(contractions.fix(title))
PYTHON
)
expected=$(cat <<'TEXT'
A nuclear she will model
K-she will lines of open-she will ions
YOU(1) and SU(2) in a brook
The you and d quarks in a vacuum
A beam with a cannot of 3 degrees
It is an ill-posed problem
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
