"""Keys of posts and accounts as people type them."""

from __future__ import annotations

from hotpapers import model
from hotpapers.errors import UsageError


def key_of(text: str) -> str:
    """The key of a post or account as people write it: handles do not tell case apart. Raises UsageError."""
    network, _, own = text.strip().partition(":")
    network = network.lower()
    if network not in model.NETWORKS or not own:
        raise UsageError(
            f"{text}: not a post or account; write it as network:id, such as x:1341202937956233217 or x:@somebody"
        )
    return f"{network}:{own.lower() if own.startswith('@') else own}"
