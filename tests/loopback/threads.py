"""The answers to messages, as networks return them in threads."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.base.model import DAY
from tests.loopback.script import Message, Script, messages_between

ANSWER_DAYS = 10
"""For how many days after a message it may be answered."""


def answers(script: Script, message: Message, now: int, address: str = "") -> Iterator[Message]:
    """The direct answers to a message by a moment, by time, also those that no longer exist. `address`: by which posts
    on Bluesky name it."""
    until = min(now, message.at + ANSWER_DAYS * DAY)
    for answer in messages_between(script, message.network, message.at + 1, until):
        if answer.parent == message.id or (address and answer.reply_to == address):
            yield answer


def quotations(script: Script, message: Message, now: int, address: str) -> Iterator[Message]:
    """The messages that quote a message by a moment, by time. `address`: by which they name it."""
    until = min(now, message.at + ANSWER_DAYS * DAY)
    for other in messages_between(script, message.network, message.at + 1, until):
        if other.quotes == address:
            yield other


def below(script: Script, message: Message, now: int) -> Iterator[tuple[Message, Message]]:
    """All answers below a message, each after the one that it answers: (answer, what it answers)."""
    waiting = [message]
    for parent in waiting:
        for answer in answers(script, parent, now):
            yield answer, parent
            waiting.append(answer)
