"""Hosting: the files that keep a publication running on somebody's machine, and what a scheduled run leaves behind.

schedule   at which moments of a day a publication is worked on: plain functions
writing    the files of each kind of host, made from templates and the settings
notes      how the schedule is doing: planned, begun, ended, and by when the next run is due
press      the whole site into an empty folder, for hosts that keep none between two runs
"""
