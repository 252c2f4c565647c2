"""Ten sites as people have them, played over the loopback internet for three weeks, and judged by its script.

calendars    what the owner of a site does: when the program runs, with which settings
catalog      the ten sites
play         plays sites, and notes day by day what readers got; with a host (`hosting`) and neighbors (`neighbors`)
truth        what must be so, by the script and the calendar alone; listed: papers of all servers in one form
published    what pages, mail, feeds and the API say
judges…      compare both
kept         sites that were kept, for other tools
`python -m tests.sites` plays and judges all (tests/sites/README.md)
"""
