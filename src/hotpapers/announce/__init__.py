"""Announcing: issues to chat rooms, to receivers of JSON, and as threads on Bluesky.

said       what announcements say of an issue
members    which papers are by members
chat       messages to rooms; rooms: how Apprise sends them
webhook    signed JSON
bluesky    threads; thread: their posts; account: signing in, records
outlets    a sender for each place that the settings name
"""
