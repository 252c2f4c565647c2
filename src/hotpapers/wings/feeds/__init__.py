"""Feeds that an operator names: RSS, Atom and JSON, such as those of blogs, newsletters and video channels.

source        the connector
feed_parser   reads feeds of any version, broken ones too; cuts hostile XML down before that
wing          what it hooks into the core

The core knows feeds as a network, as issues have posts of it; only reading them is a wing.
"""
