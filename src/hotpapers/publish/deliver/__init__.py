"""Delivery of issues to folders, chat rooms, webhooks and Bluesky, each exactly once.

export_site       writes and updates a folder; helpers: files, folder_owners, parallel, size_budget
announce          chat, webhooks, Bluesky: threads and a custom feed
send              shared by all channels that send
delivery_states   the progress of each delivery, and what the record keeps of it; queries: the store queries

Takes frozen issues and the output of `render`; keeps what was delivered. It must not decide what an issue contains.
"""
