"""Whether rankings put first what is later cited, accepted or talked about.

files         the rows of a folder of observations and outcomes
cohorts       past days as rankings would have seen them
targets       outcomes: what came later
comparison    orders against outcomes, with intervals
studies       which orders are compared on which outcomes, and with which simple predictors
tables, summary, page    the results in tables and sentences

The input is opened files, the output a report and its page. Nothing here may know about folders, stores or the network.
"""
