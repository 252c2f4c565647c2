"""Announcements: issues to chat rooms, to webhooks, and as threads on Bluesky.

announcement   what is said of an issue, as plain text
members        which papers are by members
chat           messages to rooms; apprise_client sends them
webhook        signed JSON
bluesky        threads and documents; thread: posts; atproto: signing in, records; custom_feed: how a feed is described
destinations   a sender for each place that the settings name
"""
