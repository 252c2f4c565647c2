"""Announcements: issues to chat rooms, to webhooks, and as threads on Bluesky.

announcement   the text of an announcement
members        finds papers by members; queries: in the store
chat           messages to rooms; apprise_client sends them
webhook        signed JSON
bluesky        threads; thread: posts; atproto: sign-in, records
destinations   a sender for each destination in the settings
wing           what it hooks into the core

Their tables of hotpapers.toml are the core's, which never counts the accounts that are a publication's own.
"""
