"""Forms in the app for its readers, and the reports that they send with them.

form_router    forms of any kind, also those of other wings: shown, submitted, limited
report_pages   the pages `/wrong` and `/report`
queries        the reports, as the store keeps them
commands       the command `reports`
wing           what it hooks into the core
"""
