"""The one polite way out: the only room that speaks HTTP and websockets.

`PoliteNet` keeps the promises of `model.Net`. It is made once per source, by the runner, and used from one thread.

    client      PoliteNet: ask, follow redirects by hand, try again, hand over
    manners     pure: pace, what a status means, how long a server asks us to wait
    addresses   which addresses are ours and never fetched; names are resolved and checked here, once
    wire        connections to the very address that was checked; deadlines, stopping, traffic
    reading     bodies and lines, unpacked and bounded while they come
    streams     answers that do not end, with a heartbeat
    witnesses   what answers tell of the time
    saying      what errors may say: never a token
"""

from hotpapers.net.client import Limits, PoliteNet, user_agent
from hotpapers.net.manners import Reservations
from hotpapers.net.wire import Counted, Traffic
from hotpapers.net.witnesses import Witnesses

__all__ = ["Counted", "Limits", "PoliteNet", "Reservations", "Traffic", "Witnesses", "user_agent"]
