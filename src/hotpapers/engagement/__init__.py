"""Engagement: who talked about which paper by when, counted from the record for rankings and history.

measurement   what is measured: papers, ages, windows; when posts are recounted
queries       what was said by then, and the recount table: all SQL of this package
attention     whose voices count: plain functions

Takes a view of the store; returns counts by paper, network and age. It must not know what an issue does with them.
"""
