#!/bin/sh
# chrono-node 2.10.3 (npm, dates in running text), parse(): sentences of abstracts in physics and astronomy.
# Guess: A sentence without a date has none; a number with a unit behind it is no time of day, nor is one of a catalogue
#        a year; the star is no weekday, though "Sun." may be.
# Seen:  "at 3 sigma" is three in the morning, "at 13 TeV" one in the afternoon; NGC 1275 may be is May of the year 1275;
#        the mass of the Sun is a Sunday. With a decimal point (at 4.2 sigma) there is none.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" chrono-node@2.10.3
seen=$(TZ=UTC node - <<'SCRIPT'
const chrono = require("chrono-node");
const now = new Date("2026-11-27T12:00:00Z");
const texts = ["The excess is at 3 sigma.", "It is detected at 4.2 sigma.", "Results of collisions at 13 TeV",
  "NGC 1275 may be active.", "The mass of the Sun is known well.", "a sample of 2024 galaxies"];
for (const text of texts) {
  const found = chrono.parse(text, now).map((result) => `${result.text} = ${result.start.date().toISOString()}`);
  console.log(found.join(", ") || "none");
}
SCRIPT
)
expected=$(cat <<'TEXT'
at 3 = 2026-11-27T03:00:00.000Z
none
at 13 = 2026-11-27T13:00:00.000Z
1275 may = 1275-05-01T12:00:00.000Z
Sun = 2026-11-29T12:00:00.000Z
none
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
