"""The command `hotpapers log`, and `hotpapers verify` for files and sites."""
