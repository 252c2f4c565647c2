"""Pages in a real browser: headless Chromium, driven over its own protocol."""
