#!/bin/sh
# edtf 4.11.1 (npm, EDTF.js): the first and the last day of a season, such as that of an issue, and of other parts.
# Guess: The winter of 2024 begins in December 2024, and ends in the next year or is counted back into January.
# Seen:  Seasons are quarters: spring is January to March, also the northern one, and winter October to December. The
#        first quadrimester ends with May, after five months, and May is in the second, too, as September is in two.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund edtf@4.11.1
cat > run.mjs <<'SCRIPT'
import edtf from "edtf";

const names = {
  21: "spring", 22: "summer", 23: "autumn", 24: "winter", 25: "northern spring", 28: "northern winter",
  29: "southern spring", 33: "quarter 1", 37: "quadrimester 1", 38: "quadrimester 2", 39: "quadrimester 3",
};
const day = (time) => new Date(time).toISOString().slice(5, 10);
for (const [code, name] of Object.entries(names)) {
  const date = edtf(`2024-${code}`);
  console.log(code, name, day(date.min), day(date.max));
}
SCRIPT
seen=$(node run.mjs)
expected=$(cat <<'TEXT'
21 spring 01-01 03-31
22 summer 04-01 06-30
23 autumn 07-01 09-30
24 winter 10-01 12-31
25 northern spring 01-01 03-31
28 northern winter 10-01 12-31
29 southern spring 10-01 12-31
33 quarter 1 01-01 03-31
37 quadrimester 1 01-01 05-31
38 quadrimester 2 05-01 09-30
39 quadrimester 3 09-01 12-31
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
