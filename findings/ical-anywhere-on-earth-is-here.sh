# node-ical 0.26.1 (npm), ics 0.7.3 (PyPI), beside ical.js 2.2.1 and icalendar 7.3.2: a deadline "anywhere on Earth".
# Guess: TZID names the VTIMEZONE of the same file: 23:59 at its offset of -12:00 is 11:59 UTC of the next day in all.
# Seen:  The file's own VTIMEZONE is not looked at: if TZID is a name that the reader does not know, node-ical takes the
#        time zone of the computer, and ics takes UTC. So the deadline is 12 hours early, in Tokyo 21; nothing is said.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund node-ical@0.26.1 ical.js@2.2.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ics==0.7.3 icalendar==7.3.2
cat > run.py <<'SCRIPT'
from datetime import timezone
from pathlib import Path

import icalendar
import ics

text = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//brook.example//tea//EN
BEGIN:VTIMEZONE
TZID:AoE
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:-1200
TZOFFSETTO:-1200
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:tea@brook.example
DTSTAMP:20260101T000000Z
DTSTART;TZID=AoE:20260315T235900
SUMMARY:Papers on tea are due
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
Path("tea.ics").write_text(text, newline="")
event = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
print("icalendar", event.start.astimezone(timezone.utc).isoformat()[:16])
print("ics", next(iter(ics.Calendar(text).events)).begin.to("utc").isoformat()[:16])
SCRIPT
cat > run.mjs <<'SCRIPT'
import { readFileSync } from "node:fs";

import ICAL from "ical.js";
import ical from "node-ical";

const text = readFileSync("tea.ics", "utf-8");
const { start } = Object.values(ical.sync.parseICS(text)).find(({ type }) => type === "VEVENT");
const event = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent"));
console.log("ical.js", event.startDate.toJSDate().toISOString().slice(0, 16));
console.log("node-ical", start.toISOString().slice(0, 16), start.tz, "in", process.env.TZ);
SCRIPT
seen=$(venv/bin/python run.py && TZ=UTC node run.mjs && TZ=Asia/Tokyo node run.mjs)
expected=$(cat <<'TEXT'
icalendar 2026-03-16T11:59
ics 2026-03-15T23:59
ical.js 2026-03-16T11:59
node-ical 2026-03-15T23:59 AoE in UTC
ical.js 2026-03-16T11:59
node-ical 2026-03-15T14:59 AoE in Asia/Tokyo
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
