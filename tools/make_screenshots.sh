#!/bin/sh
# Takes the screenshots for the README and docs: pages of the demo's site in headless Chromium.
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

take() { # FILE PAGE WIDTH,HEIGHT [FLAG…]
    file=$1 page=$2 size=$3
    shift 3
    "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$scratch/profile" \
        --window-size="$size" --screenshot="$file" "$@" "file://$scratch/demo/$page" >"$scratch/said" 2>&1
    ls -l "$file"
}

page=made-up-week/site/2026-03-12/index.html
take "$scratch/laptop.png" "$page" 1280,844
take "$scratch/phone.png" "$page" 390,844
"$(dirname "$program")/python" - "$scratch/laptop.png" "$scratch/phone.png" docs/images/issue.png <<'END'
import sys

from PIL import Image

left, right = (Image.open(name).convert("RGB") for name in sys.argv[1:3])
both = Image.new("RGB", (left.width + 8 + right.width, left.height), "#888888")
both.paste(left, (0, 0))
both.paste(right, (left.width + 8, 0))
both.quantize(96).save(sys.argv[3], optimize=True)
END
cp docs/images/issue.png template/issue.png
ls -l docs/images/issue.png
take docs/images/phone.png "$page" 390,844 --blink-settings=preferredColorScheme=0
