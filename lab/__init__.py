"""Evaluation: measures how well rankings and forecasts do.

formulas            published ranking formulas, for comparison with ours
statistics          ranks, agreement of two orders, resampling: plain Python
outcomes            whether a ranking puts first what is later cited, accepted or talked about
curves, forecast    forecasts of held-out weeks, compared with what happened
worlds, attacks     made-up talk, and how many accounts it takes to buy a place in it, or in an issue of a record
comparison          why the counts of two collectors differ
queries             queries of attacks on issues        text_tables   figures as Markdown tables
json_lines          values from outside, one a line

The input is observations of past days, a seed, or a record, which is only read. The rankings themselves order the
papers, as in an issue. The output is figures. Nothing here may know about networks or pages of the site; the site shows
the figures kept in the package.
"""
