#!/bin/sh
# Takes the pictures of README and docs: pages of the demo's site, as headless Chromium draws them.
#
#     tools/make_screenshots.sh [HOTPAPERS]      the program to run, .venv/bin/hotpapers by default
set -eu
cd "$(dirname "$0")/.."

program=${1:-.venv/bin/hotpapers}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "make_screenshots: no Chromium found; install chromium and try again" >&2
    exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" demo "$scratch/demo" >"$scratch/told"

take() { # NAME PAGE WIDTH,HEIGHT [FLAG…]
    name=$1 page=$2 size=$3
    shift 3
    "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$scratch/profile" \
        --window-size="$size" --screenshot="$scratch/$name.png" "$@" \
        "file://$scratch/demo/site/$page" >"$scratch/said" 2>&1
    mv "$scratch/$name.png" "docs/images/$name.png"
    ls -l "docs/images/$name.png"
}

take issue 2021-01-14/index.html 1000,1100
take phone 2021-01-14/index.html 390,844 --blink-settings=preferredColorScheme=0
