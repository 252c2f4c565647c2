"""Runs all attacks on all rankings on frozen issues of a record, one issue per process. The record is only read."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.errors import NotFound, UsageError
from hotpapers.discussion.engagement.standing.queries import is_learned
from hotpapers.issues.freeze import list_editions, publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.record.record import Record
from lab.attacks import suite
from lab.attacks.attack_figures import NotRun
from lab.attacks.campaign import Attack
from lab.attacks.catalogue import blackout, outage, rival_chorus, rival_reference
from lab.attacks.least_costs import AttackEffects, Contender
from lab.attacks.recorded_scene import HIGHEST, RecordedScene
from lab.attacks.suite import Trial


class IssuePart(NamedTuple):
    """The work of one process: an issue in a store, with the rankings to attack; `without`: see `clauses`."""

    store: str
    publication: str
    day: str
    rankings: tuple[str, ...]
    attacks: tuple[str, ...]
    files: tuple[str, ...]
    without: tuple[str, ...] = ()


class IssueResults(NamedTuple):
    """What was tried, and what could not be tried."""

    trials: tuple[Trial, ...]
    not_run: tuple[NotRun, ...]


def issue_parts(
    record: Record, publication: str | None, days: Sequence[str], last: int, part: IssuePart
) -> Iterator[IssuePart]:
    """The work in parts: the issues of these days, or the `last` ones. `part`: what the parts have in common. Raises
    NotFound for a day without an issue, UsageError for a publication that is not our own."""
    chosen = publication_of(record, publication)
    if chosen.window == "listing":
        raise UsageError(
            f"{chosen.publication}: an imported listing does not say who talked about its papers; "
            "name a publication of your own with --publication"
        )
    frozen = frozen_days(record, chosen.publication)
    if missing := [day for day in days if day not in frozen]:
        raise NotFound(f"{missing[0]}: no frozen issue of {chosen.publication}; freeze one with `hotpapers issue DATE`")
    if not frozen:
        raise NotFound(f"{chosen.publication}: no frozen issue; freeze one with `hotpapers issue DATE`")
    for day in sorted(set(days)) or frozen[-last:]:
        yield part._replace(publication=chosen.publication, day=day)


def attack_issue(part: IssuePart) -> IssueResults:
    """Run one part."""
    contenders = suite.chosen_contenders(part.rankings)
    with Record(part.store, create=False) as record:
        content = list_editions(record, part.publication, part.day)[-1].content
        known = is_learned(record.database, content.position)
        able = [contender for contender in contenders if known or not contender.needs.with_standing]
        scene = RecordedScene(record, content, [(contender.rank, contender.needs) for contender in able], part.without)
        results = list(_results(scene, able, suite.chosen_attacks(part.attacks, part.files)))
    not_run = [
        NotRun(part.day, contender.name, "", UNKNOWN_STANDING) for contender in contenders if contender not in able
    ]
    return IssueResults(
        tuple(result for result in results if isinstance(result, Trial)),
        (*not_run, *(result for result in results if isinstance(result, NotRun))),
    )


UNKNOWN_STANDING = "the store has not determined yet who has standing; run `hotpapers verify DATE`"
NOBODY_KNOWN = "not tried with accounts that have standing: the record is too young to know anybody"
NO_ENTRY = "nobody talks about any paper that the issue may contain"
NO_NETWORK = "nothing was liked or reposted on any network"


def _results(
    scene: RecordedScene, contenders: Sequence[Contender], attacks: Sequence[Attack]
) -> Iterator[Trial | NotRun]:
    effects: AttackEffects = {}
    for contender in contenders:
        if not scene.order(contender.rank, contender.needs) or not scene.networks:
            reason = NO_NETWORK if scene.order(contender.rank, contender.needs) else NO_ENTRY
            yield NotRun(scene.content.day, contender.name, "", reason)
            continue
        if not _tells_apart(scene, contender):
            yield NotRun(scene.content.day, contender.name, "", NOBODY_KNOWN)
        results = [result for attack in attacks for result in _tried(scene, contender, attack, effects)]
        yield from results
        attacks = suite.without_failed(attacks, (result for result in results if isinstance(result, Trial)))


def _tells_apart(scene: RecordedScene, contender: Contender) -> bool:
    return not contender.needs.with_standing or scene.tells_apart(contender.needs)


def _tried(
    scene: RecordedScene, contender: Contender, attack: Attack, effects: AttackEffects
) -> Iterator[Trial | NotRun]:
    content = scene.content
    if reason := unmet(scene, contender, attack):
        yield NotRun(content.day, contender.name, attack.name, reason)
        return
    where = (len(scene.networks), datetime.date.fromisoformat(content.day).toordinal())
    kinds = [aged for aged in attack.aged if not aged or _tells_apart(scene, contender)]
    yield from suite.trials_of(scene, where, contender, attack, kinds, effects)


def unmet(scene: RecordedScene, contender: Contender, attack: Attack) -> str:
    """What an attack needs and the record lacks; empty if nothing is missing."""
    if attack.at_place:
        order = scene.order(contender.rank, contender.needs)[:HIGHEST]
        few = sum(candidate.score > 0 for candidate in order) < attack.at_place
        return f"there is no paper at place {attack.at_place}, or it is below place {HIGHEST}" if few else ""
    targets = (
        scene.target(days_old=days_old, known_post=attack.known_post, small_field=attack.small_field)
        for days_old in attack.days_old
    )
    if not any(targets):
        return _NO_TARGET[attack.known_post, attack.small_field]
    if attack in (outage.ATTACK, blackout.ATTACK) and len(scene.networks) == 1:
        return "only one network has any likes or reposts"
    if attack == rival_reference.ATTACK and not scene.earlier_papers:
        return "no paper of the previous 90 days is known that nobody talks about"
    if attack == rival_chorus.ATTACK:
        rival = scene.order(contender.rank, contender.needs)[0].paper
        if not any(post.text for post in scene.paper(rival).posts):
            return "the words of the posts about the first paper are not in the record"
    return ""


_NO_TARGET = {
    (False, False): "no paper of that age is known that nobody talks about",
    (True, False): "there is no paper with a single post, by a known account",
    (False, True): "all papers of the day that nobody talks about are in one archive",
    (True, True): "there is no such paper",
}
