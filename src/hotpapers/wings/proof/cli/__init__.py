"""The commands `hotpapers log`, `hotpapers witness`, and `hotpapers verify` for files and sites."""
