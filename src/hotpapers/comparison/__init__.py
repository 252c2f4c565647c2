"""Two collectors compared, number by number, with the cause of each difference.

lines       the comparison file's lines: what a collector knows, without words, names and handles
shared_key  keyed marks, which two operators with the same key derive alike
queries     what is asked of the store
extract     a record → lines
facts       lines from anywhere, checked → a collector's facts
coverage    up to when it had read each network
moments     a collector's posts on a paper at a moment, and whose voices these are
causes      plain decisions: why one post, or one count, is not the same in both
alignment   causes applied in their order, until what remains is unexplained
compare     all papers, networks and ages
page        the comparison for a terminal, and as a page
"""
