"""Torture: the program collects and publishes while everything that can break breaks, and the record equals the script.

    agree     what a record holds, against what the script of the loopback internet says: lost, doubled, wrong
    site      a site whose networks are the loopback internet, going by its clock
    rounds    the jobs of one source, one after the other, by a clock that jumps when they wait: for faults
    forks     processes that are made quickly, and killed
    table     what was done, how often, what came of it: the report at the end
    hostile   words that try to become more than words

`make torture` runs all of it; among the other tests a small part runs. docs/development/torture.md tells what it found.
"""
