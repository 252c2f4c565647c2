"""The classic format: the Markdown in which Hot Papers appeared from 2020 to 2022.

`parse` turns a file's text into values, `render` turns values into text; both are pure and touch no disk. What one
takes the other makes: `render(parse(text)) == text` and `parse(render(issue)) == issue`, or `NotClassic` says why not.
Time and memory grow linearly with the input, whatever the input is.

    decode(data)          bytes → text, and whether mojibake was repaired
    parse(text)           text → ClassicIssue
    render(issue)         ClassicIssue → text; escape=True for words that never were in this format
    moment(printed)       a printed moment (Japan time) → integer µs UTC
    printed_tally(µs), printed_made(µs), post_day(id)    the other way

Only what differs from file to file is kept. What the grammar fixes (front matter, script lines, the day shown beside a
post, which is the UTC day of the post's id) is written again by rule.
"""

from __future__ import annotations

from hotpapers.classic.model import ClassicIssue, ClassicItem, ClassicLink, ClassicPost
from hotpapers.classic.parser import decode, parse
from hotpapers.classic.renderer import render
from hotpapers.classic.rules import MAX_COUNT, MAX_FILE, MAX_LINE
from hotpapers.classic.timestamps import moment, post_day, post_moment, printed_made, printed_tally

__all__ = [
    "MAX_COUNT",
    "MAX_FILE",
    "MAX_LINE",
    "ClassicIssue",
    "ClassicItem",
    "ClassicLink",
    "ClassicPost",
    "decode",
    "moment",
    "parse",
    "post_day",
    "post_moment",
    "printed_made",
    "printed_tally",
    "render",
]
