"""The trending topics of a publication's papers, week by week, from words and counted voices alone.

groups     the word groups of a paper
finding    which groups stand out in a week: log-odds with a prior
weeks      the topics of a publication's weeks, from its frozen issues
freezing   notes the digest of each week that is over, and checks it
site_part  the pages `topics/2026-W47/` and their data
tools      the same for language models
demo_topics the topics of the demo's week
commands   the command `topics`
wing       registers the wing's hooks
"""
