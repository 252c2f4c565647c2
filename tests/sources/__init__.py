"""The sources: what they ask a network for, and what they read out of its answers."""
