"""Base: what every other part stands on, and what knows none of them.

model              papers, posts, observations, issues: immutable values, and the ports between parts
ids                papers named in any text: arXiv ids, DOIs, addresses, titles
settings           `hotpapers.toml`, checked
http               the polite client: pace, guarded addresses, bounded answers
errors, credentials    every error of the program; what no error may quote
terms              what networks allow to be shown, and for how long
announcement_days  arXiv's calendar
categories, durations, suggestions   names of fields, lengths of time, what a mistyped word was meant to be
struct_types, untrusted_json   decode what others wrote
wings, outside_wings   what features hook into the core; those of other packages
file_modes, logs, text_tables  files of one's own, log lines, figures as tables
spans              what spans of time cover together
"""
