"""Announcements: issues to chat rooms, to webhooks, and as threads on Bluesky.

announcement   the text of an announcement
chat           messages to rooms, with papers by members; apprise_client sends them; queries: in the store
webhook        signed JSON
bluesky        threads and documents; atproto: sign-in, records
feed_generator a custom feed on Bluesky: its description, and the service behind it
destinations   a sender for each destination in the settings
commands       `hotpapers feed-generator`; wing: what it hooks into the core

Their tables of hotpapers.toml are the core's, which never counts the accounts that are a publication's own.
"""
