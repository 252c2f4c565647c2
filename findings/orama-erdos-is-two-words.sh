#!/bin/sh
# @orama/orama 3.1.18 (npm, search in the browser and on servers), a database as it is: names and signs in titles.
# Guess: Letters beyond Latin-1 are letters: Erdős is a word, found with or without its accent; θ finds θ.
# Seen:  The tokenizer knows letters up to U+00FF only; any other one parts a word, like a blank. Erdős is "erd" and "s",
#        which also finds a title with the letter S, and Erdos finds nothing; Čech is "ech"; Greek is not in the index.
#        Bartók, of Latin-1, is found both ways.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" @orama/orama@3.1.18
cat > search.mjs <<'SCRIPT'
import { create, insert, search } from "@orama/orama";
const titles = ["A proof by Erdős", "The ear of Bartók", "Methods S and T", "Čech complexes", "The neutrino angle θ"];
const database = create({ schema: { title: "string" } });
titles.forEach((title, n) => insert(database, { id: String(n), title }));
for (const query of ["Erdős", "Erdos", "Bartók", "Bartok", "Čech", "Cech", "θ"]) {
  const found = search(database, { term: query }).hits.map((hit) => hit.document.title);
  console.log(`${query}: ${found.join("; ") || "none"}`);
}
SCRIPT
seen=$(node search.mjs)
expected=$(cat <<'TEXT'
Erdős: A proof by Erdős; Methods S and T
Erdos: none
Bartók: The ear of Bartók
Bartok: The ear of Bartók
Čech: Čech complexes
Cech: none
θ: none
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
