"""Whether this machine's clock can be believed: an issue that is frozen too early stays so for good, and what is
deleted as old is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import WrongClock
from hotpapers.base.model import DAY, HOUR
from hotpapers.record import Database
from hotpapers.record.statistics import written_between

if TYPE_CHECKING:
    from hotpapers.base.http import ServerClocks

FAR_AHEAD = HOUR // 2
"""How far this machine's clock may be ahead of other clocks; beyond that, nothing is frozen."""
PATIENCE = 86_400.0
"""Seconds after which a process that no server answered reads none: other processes of the site do."""


def check_clock(at: int, ahead: int | None, shared: int | None) -> None:
    """Raises WrongClock if this machine's clock is far ahead of the networks' (by `ahead`) or of the database's."""
    for owner, lead in (("the networks'", ahead), ("the database's", None if shared is None else at - shared)):
        if lead is not None and lead > FAR_AHEAD:
            clock = f"this machine's clock is {format_duration(lead / 1e6)} ahead of {owner}"
            raise WrongClock(f"{clock}; nothing is frozen until it is corrected")


def is_unconfirmed(database: Database, witnesses: ServerClocks | None, at: int) -> bool:
    """Whether no server has answered yet. `witnesses`: the clocks of the servers that are read, if any are. Raises
    WrongClock if this clock is far ahead of others."""
    shared = database.clock() if database.name != "sqlite" else None  # its server may be another machine
    ahead = witnesses.ahead(at) if witnesses else None
    check_clock(at, ahead, shared)
    return witnesses is not None and ahead is None


def waits_for_time(database: Database, witnesses: ServerClocks | None, at: int) -> bool:
    """Whether to wait for a server's clock, after more than a day without a batch. Raises WrongClock."""
    return is_unconfirmed(database, witnesses, at) and at - (written_between(database)[1] or at) > DAY


def is_believable(database: Database, witnesses: ServerClocks | None, at: int) -> bool:
    """Whether a server confirms this clock, if this process reads any, and none speaks against it."""
    try:
        is_doubtful = is_unconfirmed(database, witnesses, at)
    except WrongClock:
        return False
    return not is_doubtful or (witnesses is not None and witnesses.seconds_listened() > PATIENCE)
