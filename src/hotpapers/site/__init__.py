"""A site: its settings, its store, and what is done with them. The command line, the app and programs use it.

site              `Site`, the one public object: its verbs are those of the command line
configured_site   what a site is made of: settings, their file, the store, and what follows from them
publishing        freezes issues, and writes them to the folders of channels
sending           the channels that send messages
importing         imports files
people            forgets posts, accounts, and what wings keep about people; the operator's own verdicts on accounts
inspection        whether a site is well: its store, issues, settings and jobs
site_jobs         the jobs that the settings ask for, and what would keep them from starting
running           runs them: reads networks, or does everything on schedule
publication_changes  names and windows of publications that changed although they have issues
run_notices       what `run` tells when it starts, and while it works
hooks             what wings add
demo              what `hotpapers demo` writes
"""
