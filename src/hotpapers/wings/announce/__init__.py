"""Announcements: issues to chat rooms, to webhooks, and as threads on Bluesky.

announcement   the text of an announcement
members        finds papers by members; queries: in the store
chat           messages to rooms; apprise_client sends them
webhook        signed JSON
bluesky        threads and documents; thread: posts; atproto: sign-in, records
custom_feed    the description of a custom feed on Bluesky; feed_generator: the service behind it
destinations   a sender for each destination in the settings
commands       `hotpapers feed-generator`; wing: what it hooks into the core

Their tables of hotpapers.toml are the core's, which never counts the accounts that are a publication's own.
"""
