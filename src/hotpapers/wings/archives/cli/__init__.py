"""`hotpapers import` of archives (`commands`), and `hotpapers find` (`find`)."""
