#!/bin/sh
# flexsearch 0.8.212 (npm, search in the browser), an Index as it is, tokenize "strict": whole words of titles.
# Guess: Equal digits in a row stay: 447 does not find 4477, and a number is found only by itself.
# Seen:  A sign that equals the one before it is dropped, also from numerals and digits: II and III are I, HII gas is HI
#        gas, W33 is W3. So "Type II" finds three types, and in the order of the titles Type I is first. W43 is W43.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund flexsearch@0.8.212
cat > run.mjs <<'SCRIPT'
import FlexSearch from "flexsearch";

const titles = ["Type I supernovae", "Type II supernovae", "Type III strings", "The region W3", "The region W33"];
titles.push("The region W43", "The nebula M1", "The cluster M11", "HI gas", "HII gas");
const index = new FlexSearch.Index({ tokenize: "strict" });
titles.forEach((title, number) => index.add(number, title));
for (const query of ["Type II", "W33", "W43", "M11", "HII gas"])
  console.log(`${query}: ${index.search(query).map((number) => titles[number]).join(" | ")}`);
SCRIPT
seen=$(node run.mjs)
expected=$(cat <<'TEXT'
Type II: Type I supernovae | Type II supernovae | Type III strings
W33: The region W3 | The region W33
W43: The region W43
M11: The nebula M1 | The cluster M11
HII gas: HI gas | HII gas
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
