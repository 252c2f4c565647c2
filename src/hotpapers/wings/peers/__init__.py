"""Peers: other sites with the same program.

following   use another site's observations
settings    `[[follow]]`
commands    `follow`; wing: what it hooks into the core
"""
