#!/bin/sh
# twitter-text 3.1.0, linkifyjs 4.4.0, autolinker 4.1.5 (npm), linkify-it-py 2.2.0 (PyPI): links in a text with a DOI.
# Guess: a DOI without an address is no link, or one as a whole; some cut it at "<".
# Seen:  all four find one link, to the host 3.0.co: DOIs that Wiley gave until 2003 (SICI) end in ">3.0.CO;2-…", and CO is
#        Colombia's. In the DOI's address twitter-text finds two links, the first of which is another DOI.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund twitter-text@3.1.0 linkifyjs@4.4.0 autolinker@4.1.5
python3 -m venv venv
venv/bin/pip install --quiet linkify-it-py==2.2.0
cat > run.mjs <<'SCRIPT'
import autolinker from "autolinker";
import * as linkify from "linkifyjs";
import twitter from "twitter-text";

const doi = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2";
console.log("twitter-text", ...twitter.extractUrls(doi));
console.log("linkifyjs", ...linkify.find(doi).map(({ href }) => href));
console.log("autolinker", ...autolinker.parse(doi, {}).map((match) => match.getAnchorHref()));
console.log("twitter-text", ...twitter.extractUrls(`https://doi.org/${doi}`));
SCRIPT
cat > run.py <<'SCRIPT'
from linkify_it import LinkifyIt

doi = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"
print("linkify-it-py", *(match.url for match in LinkifyIt().match(doi)))
SCRIPT
seen=$(node run.mjs && venv/bin/python run.py)
expected=$(cat <<'TEXT'
twitter-text 3.0.CO
linkifyjs http://3.0.CO
autolinker http://3.0.CO
twitter-text https://doi.org/10.1002/(SICI)1097-0258(19980815/30)17:15/16 3.0.CO
linkify-it-py http://3.0.CO
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
