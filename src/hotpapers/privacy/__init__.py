"""Privacy: forgetting people and posts, what stands in their place, and what is not kept for ever.

Takes keys; overwrites rows, raw payloads, the index of words and what is beside the store. The record verifies
afterwards."""
