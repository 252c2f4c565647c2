"""Pages in a real browser: Chromium without a head, driven over its own protocol."""
