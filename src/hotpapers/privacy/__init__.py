"""Privacy: forgetting people and posts, what stands in their place, and what is not kept for ever.

forget           the rows, raw payloads, words and copies of a key
pseudonyms       what stands in the place of what was forgotten
forgotten_file   the same beside the store, for when an older backup takes its place
retention        snapshots and payloads that are needed no more
queries          who is named where

Takes keys; overwrites rows, raw payloads, the index of words and what is beside the store. The record verifies
afterwards.
"""
