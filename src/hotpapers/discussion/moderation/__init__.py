"""Moderation: which posts may be quoted, which mentions are doubtful, which accounts are bots (`bots`), which are
one person's, and which belong to authors of the papers they post about.

quotation_policy   which posts may be quoted now, and what the operator never quotes
author_voices      who is an author: by `author_names` (and `common_surnames`), or the operator's verdict
aliases            writes which accounts are one person's: copies that a bridge made, and accounts known by their handle
                   alone
queries            what is asked of the store

Reads posts and accounts from the store and writes verdicts and aliases. It renders nothing and counts no voices.
"""
