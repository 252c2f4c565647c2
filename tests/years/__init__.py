"""Two simulated years of the whole program: every source and job, with faults, an upgrade and a lost store.

    timeline        simulated time, shared by the program's threads
    fault_plan      the networks' faults, and when a network could be read
    scenario        what happens to the program and its store: stopped, upgraded, restored, store unavailable, disk full
    store_failures  a store that is unavailable or on a full disk
    program         the jobs of `hotpapers run` over the loopback internet, in simulated time
    upgrade         a store as an older version left it, and a migration that is killed
    simulation      the whole simulation, one run of the program after another
    oracle, issues  compare the record and the issues with the script
    outcome         runs all comparisons
    newcomer        the first issues of new sites; places: how their issues differ from those of older sites
    figures         measurements, and what a full-size site needs according to them

`python -m tests.years` runs the whole simulation; the tests run a short one. Results: tests/years/README.md.
"""
