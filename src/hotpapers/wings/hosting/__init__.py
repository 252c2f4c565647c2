"""Files that keep a publication running on a host: GitHub Pages, a server with systemd, a container.

writing           the files for each kind of host, from `templates` and the settings; writes them, never over what the
                  operator has changed
schedule          when a host should run the program, if it does not run continuously; how a scheduled run went
scheduled_runs    the command `scheduled`: begins and ends a run; writes the whole site into an empty folder
wing              registers the wing's hooks
"""
