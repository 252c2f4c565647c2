"""Compares two collectors count by count, with the cause of each difference.

lines       the lines of a comparison file: what a collector knows, without words, names and handles
shared_key  keyed marks, which are the same for two operators with the same key
queries     queries on the store
extract     a record → lines
facts       lines from anywhere, checked → a collector's facts, and up to when it had read each network
moments     a collector's posts about a paper at a moment, and their voices
causes      decisions on why one post, or one count, differs
alignment   applies causes in order; the remaining difference is unexplained
compare     all papers, networks and ages
page        the comparison for a terminal and as a page
"""
