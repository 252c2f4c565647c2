"""`hotpapers import` of archives (`commands`), and what its options mean (`archives`)."""
