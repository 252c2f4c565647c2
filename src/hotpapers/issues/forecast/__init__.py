"""Forecasts: how many voices a paper will have on a network a week after its announcement, from the record's curves.

curves        a paper's voices at an age and after a week; its growth; curves of similar size
calibration   the table of growth by network, age, field and size; how wide ranges must be; a paper's range

A forecast is shown next to a score but never part of it. It uses only integer arithmetic, so it is the same on every
machine. Functions take and return plain values: no clock, network or disk.
"""
