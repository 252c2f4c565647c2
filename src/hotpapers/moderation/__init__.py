"""Moderation: which posts may be quoted, which mentions are in doubt, and which accounts are programs (`bots`).

quotation_policy    what of a post may be shown now        blocklist   what the operator never quotes
doubtful_mentions   posts under the wrong paper            queries     what is asked of the store

Takes posts and accounts from the store; gives judgements. It shows nothing and counts nobody.
"""
