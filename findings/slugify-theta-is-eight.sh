#!/bin/sh
# slugify 1.6.9 and slug 12.0.1 (npm): titles of papers in addresses.
# Guess: θ13 is th13 or theta13, ξ x or ks; Ω is o or omega.
# Seen:  slugify writes θ as 8 and ξ as 3, so the mixing angle θ13 is 813 and ξ2 is 32; η is h,
#        and the Ω mass has the address of the W mass. slug has 3 and W too, but th.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund slugify@1.6.9 slug@12.0.1
cat > run.mjs <<'SCRIPT'
import slug from "slug";
import slugify from "slugify";

for (const title of ["The angle θ13", "A range of ξ2", "An Ω mass", "An η mass"]) {
  console.log(title, slugify(title), slug(title));
}
SCRIPT
seen=$(node run.mjs)
expected=$(cat <<'TEXT'
The angle θ13 The-angle-813 the-angle-th13
A range of ξ2 A-range-of-32 a-range-of-32
An Ω mass An-W-mass an-w-mass
An η mass An-h-mass an-h-mass
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
