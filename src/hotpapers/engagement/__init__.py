"""Engagement: who talked about which paper by when, counted from the record for rankings and for history.

measurement   what is measured: papers, ages, windows; when counts are asked for again
queries       what was said by then, and the tables of this package's own work: all its SQL
attention     whose voices count: plain functions

Takes a view of the store; gives counts by paper, network and age. It must not know what an issue makes of them.
"""
