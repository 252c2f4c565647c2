"""Followed voices."""
