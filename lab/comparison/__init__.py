"""Compares two collectors count by count, with the cause of each difference.

lines       the lines of a comparison file: what a collector knows, without words, names and handles
shared_key  keyed marks, which are the same for two operators with the same key
queries     queries on the store
extract     a record → lines
facts       lines from anywhere, checked → a collector's facts, up to when it had read each network, and its posts about
            a paper at a moment with their voices
causes      decisions on why one post, or one count, differs
compare     all papers, networks and ages: applies causes in order; the remaining difference is unexplained. For a
            terminal and as a page
"""
