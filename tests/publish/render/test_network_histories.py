"""A paper's people on each network by age: nobody is only known of networks that were read in full."""

from __future__ import annotations

from hotpapers.base.model import HOUR, Attention
from hotpapers.publish.render.html.paper_pages import network_histories


def attention(network: str, age: int, voices: int) -> Attention:
    return Attention(network=network, until=age * HOUR, age=age, voices=voices, reposts=0, likes=voices, own=None)


def test_nobody_is_not_known_of_networks_that_were_not_read_in_full() -> None:
    history = [attention("bluesky", 6, 3), *(attention(network, 24, 5) for network in ("bluesky", "x", "reddit"))]
    rows = {row.name: row.voices for row in network_histories(history, {"x"})}
    assert rows == {"Bluesky": (3, 5, None, None), "X (Twitter)": (None, 5, None, None), "Reddit": (0, 5, None, None)}
