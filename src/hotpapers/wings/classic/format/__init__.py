"""The classic format: the Markdown in which Hot Papers appeared from 2020 to 2022.

`parse_classic` turns a file's text into values, `render_classic` turns values into text; both are pure and do no I/O.
They are exact inverses, or `NotClassic` says why not. Time and memory are linear in the size of any input.

    decode_file(data)        bytes → text, and whether mojibake was repaired
    parse_classic(text)      text → ClassicIssue
    render_classic(issue)    ClassicIssue → text; escape=True for text from other sources
    printed_moment(printed)  a printed time (Japan time) → integer µs UTC
    printed_tally(µs), printed_made(µs), post_day(id)    the reverse

    model, rules      the values and times, and which are allowed
    parser, renderer  the functions above

Values hold only what differs between files. What the format fixes (front matter, script lines, the day shown with a
post, which is the UTC day of the post's id) is generated.
"""

from __future__ import annotations

from hotpapers.wings.classic.format.model import (
    ClassicIssue,
    ClassicItem,
    ClassicPost,
    post_day,
    printed_made,
    printed_moment,
    printed_tally,
)
from hotpapers.wings.classic.format.parser import decode_file, parse_classic
from hotpapers.wings.classic.format.renderer import render_classic
from hotpapers.wings.classic.format.rules import MAX_COUNT, MAX_FILE, MAX_LINE
