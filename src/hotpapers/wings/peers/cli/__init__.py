"""The commands `hotpapers follow` and `hotpapers compare`."""
