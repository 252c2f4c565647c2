"""X: recent search with the operator's own key, within a monthly budget that is never exceeded. Off by default.

source    the connector, and paid requests: booked, sent, settled
spending  the budget: before each request, its maximum cost is booked
objects   the network's formats, read into items
wing      what it hooks into the core

Each returned post costs money, and each author returned with it; a lost response may have cost money too
(https://docs.x.com/x-api/getting-started/pricing). The core knows the network, as archives and first issues have posts
of it; only reading it is a wing.
"""
