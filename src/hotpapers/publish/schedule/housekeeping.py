"""The housekeeping job: keeps the store small and the table of standing up to date, and pings a monitor while all is
well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hotpapers.base import network_terms
from hotpapers.base.installed import hooks_of
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY, HOUR
from hotpapers.base.text.timestamps import is_over
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.discussion.engagement.standing.queries import learn_standing
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.loop import JobContext
from hotpapers.keep.privacy import forgotten_file
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.publish.hooks import Housekeeping
from hotpapers.publish.schedule.clock_check import is_believable
from hotpapers.publish.schedule.health import SiteHealth
from hotpapers.record import reaction_marks

if TYPE_CHECKING:
    from hotpapers.base.http import ServerClocks

LOOK, SOON = 300.0, 30.0
"""Seconds between two rounds: usually, and while a ping is due."""
PRUNE_EVERY = DAY
PING_EVERY = HOUR
LEARN_EVERY = HOUR
"""How often standing is updated from new items: freezing an issue then has at most an hour's items left to process."""


class HousekeepingJob:
    """The job. `ping`: an address requested every hour while all is well, for a service that alerts when requests stop;
    empty for none. `health`: returns the site's health, in a single round (True) or later. `allowed`: the networks'
    terms. `witnesses`: the clocks of the servers that are read, if any are."""

    name = "housekeeping"

    def __init__(
        self,
        connection: Connection,
        ping: str,
        health: Callable[[JobContext, bool], SiteHealth],
        allowed: network_terms.Table,
        witnesses: ServerClocks | None,
    ) -> None:
        self._connection = connection
        self._ping = ping
        self._health = health
        self._allowed = allowed
        self._witnesses = witnesses
        self._pruned_at = self._pinged_at = self._learned_at = 0

    def close(self) -> None:
        self._connection.close()

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Prunes once a day; updates standing, does the wings' work and pings once an hour. By a clock that cannot be
        believed, nothing is old."""
        at = context.clock.now()
        believes = is_believable(context.record.database, self._witnesses, at)
        if believes and is_over(self._pruned_at, PRUNE_EVERY, at):
            context.check_lease()
            result = prune_record(context.record, at=at, whole=False, allowed=self._allowed)
            reaction_marks.drop_old_reactions(context.record, at - reaction_marks.REACTIONS_KEPT)
            recount_queries.drop_unfollowed(context.record.database, at)
            recount_queries.correct_moments_ahead(context.record.database, context.clock.now())
            forgotten_file.complete_file(context.record.database, context.record.hasher)
            self._pruned_at = at
            if result.snapshots or result.raw_payloads:
                log_event("pruned", snapshots=result.snapshots, raw_payloads=result.raw_payloads)
        if believes and is_over(self._learned_at, LEARN_EVERY, at):
            context.check_lease()
            learn_standing(context.record.database)
            for hook in hooks_of(Housekeeping):
                hook.work(context.record, at)
            self._learned_at = at
        is_due = bool(self._ping) and is_over(self._pinged_at, PING_EVERY, at)
        if is_due and self._health(context, once).ok:
            self._connection.http.get(self._ping, with_body=False)
            self._pinged_at = at
            is_due = False
        context.note(success_at=at)
        return SOON if is_due else LOOK
