"""Torture tests: the program collects and publishes while everything fails; its record must still match the script.

    agree     compares a record with the script of the loopback internet: lost, doubled, wrong
    site      a site that reads the loopback internet, on its clock
    rounds    the jobs of one source, run in turn on a clock that jumps when they wait; used to test faults
    forks     processes that are forked quickly, and killed
    table     the final report: what was done, how often, and with what result
    hostile   texts that try to be more than text

`make torture` runs everything; the ordinary test run includes a small part. Results: docs/development/torture.md.
"""
