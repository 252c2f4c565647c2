"""Privacy: forget people and posts, and delete what is no longer needed.

forget           forget a key: its rows, raw payloads, words and copies
forgotten_file   the list of forgotten keys beside the store, for when an older backup is restored
retention        prune snapshots and payloads that are no longer needed
queries          which rows name whom

Overwrites rows, raw payloads, the search index and files beside the store. The record still verifies afterwards.
"""
