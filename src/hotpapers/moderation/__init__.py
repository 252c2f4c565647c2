"""Moderation: which posts may be quoted, which mentions are in doubt, which accounts are programs (`bots`), and which
are authors of the papers that they speak of.

quotation_policy    what of a post may be shown now        blocklist   what the operator never quotes
doubtful_mentions   posts under the wrong paper            queries     what is asked of the store
author_voices       who is an author, by `author_names` and `author_words`, or by the operator's word

Takes posts and accounts from the store; gives judgements. It shows nothing and counts nobody.
"""
