"""Peers: other sites with the same program.

following   use another site's observations
comparison  why two collectors differ
settings    `[[follow]]`
commands    `follow` and `compare`; wing: what it hooks into the core
"""
