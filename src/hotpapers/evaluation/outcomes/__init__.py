"""What came later: whether rankings put first what is cited, accepted or talked about afterwards.

files         the rows of a folder of observations and outcomes
cohorts       past days as rankings would have seen them
targets       what came later
comparison    orders against outcomes, with intervals
studies       what is compared on what, and with which simple guesses
tables, summary, page    the same in tables and sentences

Takes opened files; gives a report and its page. It must not know of folders, stores or the network.
"""
