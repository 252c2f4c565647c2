"""Engagement: who talked about which paper by when, counted from the record for rankings and for history.

SQL finds what was said; plain functions decide whose voices count. It must not know what an issue makes of the numbers.
"""
