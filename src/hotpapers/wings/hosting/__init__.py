"""Files that keep a publication running on a host: GitHub Pages, a server with systemd, a container.

writing           the files for each kind of host, from `templates` and the settings; writes them, never over what the
                  operator has changed
cron_times        when a host should run the program, if it does not run continuously
schedule_status   how a scheduled run went, and when the next is due
scheduled_runs    begins and ends a scheduled run; writes the whole site into an empty folder
commands          the command `scheduled`
wing              what the wing hooks into the core
"""
