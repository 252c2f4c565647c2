"""The drift drill: platforms change, as they did in 2025 and 2026, and the program must notice, lose nothing, and say
what to do.

    changes    what becomes of an answer when a platform changes, one function each: pure
    scenarios  the drill: which change, on which network, what is expected
    drill      plays a scenario on a site of the loopback internet, and judges its record

`make drift` prints what came of each; docs/explanation/drift.md lists them.
"""
