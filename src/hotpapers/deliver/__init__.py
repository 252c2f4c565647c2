"""Delivery: issues to folders, mailboxes, chat rooms, receivers and Bluesky, each of them once.

export_site       a folder written, and written again; files, parallel, size_budget: how
announce          chat, webhooks, Bluesky: threads and a custom feed
email             subscribers, messages, the relay, what comes back
send              what channels that send have in common
delivery_states   how far each issue has come where, and what the record gets of it; queries: what is asked of the store

Takes frozen issues and what `render` makes of them; keeps what was delivered. It must not decide what an issue holds.
"""
