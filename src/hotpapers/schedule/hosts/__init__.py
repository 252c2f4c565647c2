"""Hosts: the files that keep a publication running on a machine, and what a scheduled run leaves behind.

cron_times        at which moments of a day a publication is worked on: plain functions
files             the files of each kind of host, made from templates and the settings
schedule_status   how the schedule is doing: planned, begun, ended, and by when the next run is due
site_export       the whole site into an empty folder, for hosts that keep none between two runs
"""
