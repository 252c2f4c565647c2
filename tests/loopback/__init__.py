"""The loopback internet: every network that Hot Papers reads, simulated on 127.0.0.1 from a script.

    script    what a script consists of, and its laws: pure; what exists at a moment, and how many likes it has
    world     a script generated from a seed, day by day; papers: its arXiv; written: a script that a test writes
    naming    how a message names a paper; ids: each network's identifiers; words: made-up words
    clock     simulated time, running or moved by hand
    faults    what goes wrong, where and when
    scene     what a network answers from: a script at a moment
    arxiv …   one file per network: a request at a moment → an answer
    hosts     all hosts, and faults in their answers; settings: a hotpapers.toml with their addresses
    stream    Bluesky's streams, event by event; sse: Mastodon's, line by line
    servers   on real sockets; wire: bytes and faults of a connection; hurry: runs the program by the same clock
    loopnet   without sockets, for years in minutes
    expected  what a record must contain that has read everything; reading: the program's own sources, for tests

`python -m tests.loopback` serves it to a program that runs beside it; see docs/development/loopback.md.
"""
