"""The command `hotpapers mail`."""
