#!/bin/sh
# @retorquere/bibtex-parser 9.0.29 (npm, the parser of Better BibTeX for Zotero): formulas of titles.
# Guess: $O(n\log n)$ becomes O(n log n), $1\over2$ is 1/2 or ½, and \mu a Greek mu.
# Seen:  \log and \over stay as TeX without the blank: n\logn is another command. \mathcal loses its braces. \mu is U+1D707,
#        a mathematical italic letter, also as the unit in 5 µm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund @retorquere/bibtex-parser@9.0.29
cat > run.mjs <<'SCRIPT'
import { parse } from "@retorquere/bibtex-parser";

const titles = ["$O(n\\log n)$ sorts", "A $1\\over2$ step", "An $\\mathcal{O}(\\alpha_s)$ term", "Dust of 5~$\\mu$m"];
for (const title of titles) {
  const { entries } = await parse(`@article{a, title={${title}}}`);
  console.log(entries[0].fields.title.replace(/<[^>]*>/g, "").replace(/[^ -~]/gu, (sign) => `U+${sign.codePointAt(0).toString(16).toUpperCase()}`));
}
SCRIPT
seen=$(node run.mjs)
expected=$(cat <<'TEXT'
O(n\logn) sorts
A 1\over2 step
An \mathcalO(U+3B1U+209B) term
Dust of 5U+A0U+1D707m
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
