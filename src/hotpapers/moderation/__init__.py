"""Moderation: which posts may be quoted, which mentions are in doubt, and which accounts are programs (`bots`).

Takes posts and accounts from the store; gives judgements. It shows nothing and counts nobody.
"""
