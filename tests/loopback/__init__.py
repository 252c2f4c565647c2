"""The loopback internet: every network that Hot Papers reads, simulated on 127.0.0.1 from a script.

    script         what a script consists of, and its laws: pure; what exists at a moment, and how many likes it has
    world          a script generated from a seed, day by day; papers: its arXiv; manual_script: one that a test writes
    message_text   how a message names papers; ids: each network's identifiers; words: made-up words
    clock          simulated time that runs or is moved by hand
    faults         what goes wrong, where and when
    network_state  what a network knows when it answers: a script at a moment; requests and replies
    arxiv …        one file per network: a request at a moment → a reply
    hosts          all hosts, and faults in their answers; settings: a hotpapers.toml with their addresses
    stream         Bluesky's streams, event by event; sse: Mastodon's, line by line
    servers        the networks on real sockets; wire: bytes and faults of a connection
    run_program    runs the program by the same clock
    direct_client  the networks without sockets, for years in minutes
    expected       what a record that has read everything must contain; reading: the program's own sources, for tests

`python -m tests.loopback` serves it to a program that runs beside it; see tests/loopback/README.md.
"""
