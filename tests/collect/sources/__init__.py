"""Tests of the sources: what they request from a network and how they read its answers."""
