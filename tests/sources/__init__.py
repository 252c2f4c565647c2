"""The sources: what they request from a network, and what they read from its answers."""
