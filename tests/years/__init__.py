"""Two simulated years of the whole program: every source, every job, with faults, an upgrade and a lost store.

    timeline   simulated time that the program's threads share
    weather    what goes wrong with the networks, and when a network could be read
    story      what happens to the program and its store: off, upgraded, restored, store away, disk full
    troubles   a store that is away or on a full disk
    program    the jobs of `hotpapers run` over the loopback internet, by that time
    upgrade    a store as an older program left it, and a migration that is killed
    years      all of it, one life of the program after the other
    oracle     the record and the issues compared with the script
    figures    what was measured, and what a site of full size needs by it

`python -m tests.years` is the whole; the tests run a short form of it. docs/development/years.md tells what came out.
"""
