#!/bin/sh
# Takes the README's picture: the demo's issue of 14 January 2021, as headless Chromium draws it.
#
#     tools/make_screenshots.sh [HOTPAPERS]      the program to run, .venv/bin/hotpapers by default
set -eu
cd "$(dirname "$0")/.."

program=${1:-.venv/bin/hotpapers}
picture=docs/images/issue.png
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "make_screenshots: no Chromium found; install chromium and try again" >&2
    exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" demo "$scratch/demo" >"$scratch/told"
"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$scratch/profile" \
    --window-size=1000,1100 --screenshot="$scratch/issue.png" \
    "file://$scratch/demo/site/2021-01-14/index.html" >"$scratch/said" 2>&1
mv "$scratch/issue.png" "$picture"
ls -l "$picture"
