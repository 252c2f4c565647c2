"""Delivery: issues to folders, mailboxes, chat rooms, receivers and Bluesky, each of them once.

Takes frozen issues and what `render` makes of them; keeps what was delivered. It must not decide what an issue holds.
"""
