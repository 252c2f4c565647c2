#!/bin/sh
# readtime 3.0.0 (PyPI, the minutes that a text takes, as some blogs show them): abstracts in Chinese and Japanese.
# Guess: Characters are counted where words have no blanks between them, some 500 a minute.
# Seen:  What stands between two signs of punctuation is one word: 4,500 characters in 300 sentences take two minutes,
#        and one sentence of 40,000 characters takes one. Korean, which has blanks, is counted by words.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check readtime==3.0.0
cat > run.py <<'SCRIPT'
import readtime

for name, text in {
    "English": "We measured how long a kettle boils. " * 300,
    "Korean": "우리는 주전자가 끓는 시간을 쟀다. " * 300,
    "Chinese": "我们测量了水壶煮沸的时间长短。" * 300,
    "Japanese": "やかんが沸くまでの時間を測った。" * 300,
    "one sentence": "水" * 40_000,
}.items():
    print(name, len(text), readtime.of_text(text).minutes)
SCRIPT
seen=$(venv/bin/python run.py)
expected=$(cat <<'TEXT'
English 11100 8
Korean 6000 6
Chinese 4500 2
Japanese 4800 2
one sentence 40000 1
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
