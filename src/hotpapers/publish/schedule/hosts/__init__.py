"""Hosts: the files that keep a publication running on a machine, and the results of scheduled runs.

cron_times        the times of day at which to run: plain functions
files             the files for each kind of host, made from templates and the settings
writing           writes them, never over what the operator has changed
schedule_status   the state of the schedule: planned, begun, ended, and when the next run is due
site_export       the whole site into an empty folder, for hosts that keep no files between runs
"""
