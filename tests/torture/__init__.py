"""Torture tests: the program collects and publishes while everything fails; its record must still match the script.

    comparison   compares a record with the script of the loopback internet: missing, duplicate and wrong items
    site         a site that reads the loopback internet, by its clock
    source_jobs  the jobs of one source, run in turn by a clock that jumps when they wait, to test faults
    rig          the processes of a site; forks: how they are started quickly, and killed
    proxy        in front of a database server, to refuse and break connections
    bit_flips    flips single bits of a store
    table        the final report: what was done, how often, and with what result

`make torture` runs everything; the ordinary test run includes a small part. Results: tests/torture/README.md.
"""
