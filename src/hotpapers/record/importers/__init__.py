"""One file a format: what others wrote, into items."""
