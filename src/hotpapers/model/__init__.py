"""The program's data types, as immutable values that all other packages share.

items     the kinds of observations
keys      keys of posts and accounts, and the addresses of posts on their networks
ranking   input and output of rankings
issues    frozen issues
ports     the interfaces between packages: sources, channels, the HTTP client

Names and types of fields are those of the exchange format. Nothing here reads, writes or decides anything.
"""

from __future__ import annotations

from hotpapers.model.issues import *
from hotpapers.model.items import *
from hotpapers.model.ports import *
from hotpapers.model.ranking import *
