"""Base: what every other part stands on, and what knows none of them.

model              papers, posts, observations, issues: immutable values, and the ports between parts
keys               keys of posts and accounts, and the addresses of posts on their networks
papers             paper servers, and papers named in any text: ids, DOIs, addresses, titles
text               text from anywhere: HTML, TeX, BibTeX, timestamps, names of people
settings           `hotpapers.toml`, checked
http               the polite client: pace, guarded addresses, bounded answers
errors, credentials    every error of the program; what no error may quote
network_terms      what networks allow to be shown, and for how long
durations, suggestions   lengths of time, what a mistyped word was meant to be
struct_types, untrusted_json   decode what others wrote
wings, installed, outside_wings   features that hook into the core; which there are; those of other packages
hook_checks        whether hooks are as the parts that call them expect
networks           the networks, a row each
file_modes, logs, version   files of one's own, log lines, the program's version
grouping           the values of each key, together
spans              what spans of time cover together
"""
