"""The loopback internet: every network that Hot Papers reads, played on 127.0.0.1 from a script.

    script    the words of a script, and its laws: pure values, what is there and how often it is liked at a moment
    world     a script that is made up from a seed, day after day; papers: its arXiv; written: one that a test writes
    naming    how a paper is named in a message; ids: how networks number; words: made-up words
    clock     simulated time, running or moved by hand
    faults    what goes wrong, where and when
    scene     what a network answers from: a script at a moment
    arxiv …   one file a network: a request at a moment → an answer
    hosts     all of them, and what goes wrong with their answers; settings: a hotpapers.toml that names them
    stream    Bluesky's streams, event by event; sse: Mastodon's, line by line
    servers   on real sockets; wire: their bytes and their faults; hurry: the program by the same clock
    loopnet   without sockets, for years in minutes
    expected  what a record must hold that has read it all; reading: the program's own sources, for tests

`python -m tests.loopback` plays it to a program that runs beside it; docs/development/loopback.md tells how.
"""
