# pysbd 0.3.4 (PyPI), segment(): sentences of an abstract with M☉, the mass of the Sun, or with ∯, a surface integral.
# Guess: The sentences, put together, are the text as it is; M☉ and ∯ stay.
# Seen:  ☉ is the library's own stand-in for "?!", ∯ for a full stop. What precedes ☉ in its sentence, and the whole
#        sentence with ∯, is in no sentence at all: the black hole is gone, and "formed." is left. With clean=True it
#        weighs "30 M?!", and ∯ is a full stop. M⊙ with the mathematical sign stays.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysbd==0.3.4
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from pysbd import Segmenter

for text in (
    "A black hole of 30 M☉ formed. It spins fast.",
    "No planet was seen. A star of 9 M☉ orbits a black hole of 30 M☉. It is old.",
    "The flux ∯ B dA is zero. The field is weak.",
    "A black hole of 30 M⊙ formed. It spins fast.",
):
    print(Segmenter(language="en").segment(text))
    print(*Segmenter(language="en", clean=True).segment(text), sep=" | ")
PYTHON
)
expected=$(cat <<'TEXT'
['formed. ', 'It spins fast.']
A black hole of 30 M?! | formed. | It spins fast.
['No planet was seen. ', '. ', 'It is old.']
No planet was seen. | A star of 9 M?! | orbits a black hole of 30 M?! | . | It is old.
['The field is weak.']
The flux . B dA is zero. | The field is weak.
['A black hole of 30 M⊙ formed. ', 'It spins fast.']
A black hole of 30 M⊙ formed. | It spins fast.
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
