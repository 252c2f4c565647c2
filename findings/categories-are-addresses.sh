#!/bin/sh
# twitter-text, linkifyjs and @atproto/api (npm): arXiv's categories in a post.
# Guess: A category such as cs.AI is two words with a dot; no client makes a link of it.
# Seen:  Those that end like a country's domain (ai, cv, co, ml, pe) are addresses for twitter-text and linkifyjs: a tweet
#        is charged 23 characters for each of them, so that cs.AI costs 18 more than cs.LG. Bluesky's client has none.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund twitter-text@3.1.0 linkifyjs@4.3.2 @atproto/api@0.19.19
cat > run.mjs <<'SCRIPT'
import { RichText } from "@atproto/api";
import * as linkify from "linkifyjs";
import twitter from "twitter-text";

for (const text of ["cs.AI", "cs.LG", "math.CO and cs.CV", "stat.ML, q-bio.PE"]) {
  const post = new RichText({ text });
  post.detectFacetsWithoutResolution();
  console.log(
    text, "|", twitter.extractUrls(text).join(" "), twitter.parseTweet(text).weightedLength,
    "|", linkify.find(text).map((found) => found.href).join(" "), "|", (post.facets ?? []).length,
  );
}
SCRIPT
seen=$(node run.mjs)
expected=$(cat <<'TEXT'
cs.AI | cs.AI 23 | http://cs.AI | 0
cs.LG |  5 |  | 0
math.CO and cs.CV | math.CO cs.CV 51 | http://math.CO http://cs.CV | 0
stat.ML, q-bio.PE | stat.ML q-bio.PE 48 | http://stat.ML http://q-bio.PE | 0
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
