"""What stands for keys, voices and texts that are forgotten: random, so that nobody can try out whose it was.

Within one forgetting the same stands for the same, so that rows which belong together still do and totals stay.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

from hotpapers.store.item_rows import SPECS, KeyedHasher, StoredRow

VOICES = ("voice", "stable_voice")


class Pseudonyms:
    """For some keys that are forgotten now. `kept`: accounts whose voices stay, as a publication names them as its own:
    what they say counts nowhere, and who they are stands there anyway."""

    def __init__(self, keys: Iterable[str], marks: KeyedHasher, kept: Collection[str] = ()) -> None:
        self._keys: dict[str, str] = {}
        self._numbers: dict[int, int] = {}
        self.voices = frozenset(marks.voice(key) for key in keys if key not in kept)

    def key(self, key: str) -> str:
        """A pseudonym: the key's network, `~`, and 32 hexadecimal digits."""
        if key not in self._keys:
            self._keys[key] = f"{key.partition(':')[0]}:~{secrets.token_hex(16)}"
        return self._keys[key]

    def derived(self, row: StoredRow, lonely: Collection[int]) -> tuple[int | str, ...]:
        """A row's marks: its voice another one, and that of its text where it is among the `lonely`."""
        names = (name for name, _ in SPECS[type(row.item)].derived)
        return tuple(
            self._number(value) if _is_to_go(name, value, self.voices, lonely) else value
            for name, value in zip(names, row.derived, strict=True)
        )

    def _number(self, value: int | str) -> int | str:
        if not isinstance(value, int):
            return value
        if value not in self._numbers:
            self._numbers[value] = secrets.randbits(52) + 1
        return self._numbers[value]


def _is_to_go(name: str, value: int | str, voices: Collection[int], lonely: Collection[int]) -> bool:
    return (name in VOICES and value in voices) or (name == "same" and value in lonely)
