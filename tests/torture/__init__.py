"""Torture: the program collects and publishes while everything that can break breaks, and the record equals the script.

    agree     compares a record with the script of the loopback internet: lost, doubled, wrong
    site      a site that reads the loopback internet, by its clock
    rounds    the jobs of one source, one after the other, by a clock that jumps when they wait: for faults
    forks     processes that are forked quickly, and killed
    table     what was done, how often, with what result: the report at the end
    hostile   texts that try to be more than text

`make torture` runs all of it; the other tests include a small part. For results, see docs/development/torture.md.
"""
