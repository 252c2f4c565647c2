"""Two simulated years of the whole program: every source, every job, with faults, an upgrade and a lost store.

    timeline   simulated time that the program's threads share
    weather    what goes wrong with the networks, and when a network could be read
    story      what happens to the program and its store: off, upgraded, restored, store unavailable, disk full
    troubles   a store that is unavailable or on a full disk
    program    the jobs of `hotpapers run` over the loopback internet, in simulated time
    upgrade    a store as an older version left it, and a migration that is killed
    years      the whole simulation, one run of the program after another
    oracle     compares the record and the issues with the script
    figures    what was measured, and what a full-size site needs accordingly

`python -m tests.years` runs the whole; the tests run a short form. For results, see docs/development/years.md.
"""
