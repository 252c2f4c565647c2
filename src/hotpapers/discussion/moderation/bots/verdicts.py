"""From figures to verdicts: each rule's findings, which of them are new, and one batch that records them.

A verdict is written when a rule's judgment of an account changes, never just because its figures did. *Human* from any
rule other than the operator's means only that this rule no longer finds a bot; other rules' verdicts remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from hotpapers.base import keys
from hotpapers.base.model import Judgement, Paper, Verdict
from hotpapers.base.settings import BotRules, BotSettings
from hotpapers.base.text.words import count_noun
from hotpapers.discussion.moderation import queries
from hotpapers.discussion.moderation.bots import review, rules
from hotpapers.discussion.moderation.bots.rules import DAYS, MIN_ANNOUNCED_PAPERS, RULES
from hotpapers.discussion.moderation.queries import ActivityWindow
from hotpapers.record import AsOfView, Record, RowOf, WrittenBatch, batches, is_pseudonym

SOURCE = "judging"
VERSIONS = {"list": 1, "says-so": 1, "rate": 1, "share": 1, "template": 1, "chorus": 3, "echo": 1}
"""Every rule of this package, with its version."""

BotsByRule = Mapping[str, frozenset[str]]
"""By rule: the accounts that it considers bots."""


class BotFinding(NamedTuple):
    """A rule's current finding about an account. Without a current one, the rule's earlier finding still applies."""

    account: str
    rule: str
    judgement: Judgement
    reason: str


def judge_accounts(record: Record, settings: BotSettings, at: int) -> WrittenBatch:
    """Judges all accounts by the record as of moment `at`. The verdicts carry that moment, so they count for issues
    that close then or later. Writes one batch with the changed verdicts, or none."""
    view = record.view(at)
    # The accounts that each rule considers bots, without forgotten ones, about which nothing new can be learned
    judged = [
        (verdict.rule, verdict.subject)
        for verdict in view.items(Verdict, "t.about = 0 AND t.judgement = 'bot'")
        if not is_pseudonym(verdict.subject)
    ]
    held_bots = {rule: frozenset(account for by, account in judged if by == rule) for rule in VERSIONS}
    bots = bot_findings(view, settings.rules, held_bots)
    new = [_verdict(finding, at) for finding in changed_findings(bots, held_bots)]
    verdicts, withdrawn = by_settings(view, settings)
    new += verdicts
    if not new and not withdrawn:
        return WrittenBatch(None, 0)
    with record.batch() as batch:
        written_at = max(at, batches.last_written_at(record.database))
        return batch.append(new, source=SOURCE, at=written_at, close=withdrawn)


def changed_findings(bots: Iterable[BotFinding], held_bots: BotsByRule) -> list[BotFinding]:
    """Findings that change a rule's judgment. *Human* is no change for an account that the rule never called a bot."""
    changed = {
        (bot.account, bot.rule): bot
        for bot in bots
        if (bot.judgement == "bot") != (bot.account in held_bots[bot.rule]) and not is_pseudonym(bot.account)
    }
    return [finding for _, finding in sorted(changed.items())]


def _verdict(finding: BotFinding, at: int) -> Verdict:
    version = VERSIONS.get(finding.rule, 1)
    return Verdict(
        subject=finding.account,
        about="",
        rule=finding.rule,
        judgement=finding.judgement,
        version=version,
        reason=finding.reason,
        observed_at=at,
    )


# ---- what each rule finds ------------------------------------------------------------------------------


def bot_findings(view: AsOfView, limits: BotRules, held_bots: BotsByRule) -> Iterator[BotFinding]:
    """Yields the findings of all rules. Rules that are switched off withdraw their findings."""
    span = queries.span_of(view)
    used = {rule: limit for rule in VERSIONS if (limit := int(getattr(limits, rule.replace("-", "_"))))}
    if "list" in used:
        yield from by_list(view, held_bots["list"])
    if "says-so" in used:
        yield from by_self_label(view, held_bots["says-so"])
    if "chorus" in used:
        yield from by_chorus(span, used["chorus"], held_bots["chorus"])
    if "echo" in used:
        yield from by_echo(span, used["echo"], held_bots["echo"])
    yield from by_behaviour(span, {rule: limit for rule, limit in used.items() if rule in RULES}, held_bots)
    for rule in VERSIONS:
        if rule not in used:
            yield from _findings_of(rule, {}, held_bots[rule], "this rule is switched off in the settings")


def by_list(view: AsOfView, held_bots: Iterable[str]) -> Iterator[BotFinding]:
    """The accounts on the shipped list that the record knows."""
    reasons_by_key = {bot.key: bot.reason for bot in review.shipped_bots()}
    named = {
        account: reasons_by_key[key]
        for key, accounts in review.accounts_of(view, reasons_by_key).items()
        for account in accounts
    }
    known_accounts = queries.known_accounts(view, named)
    reasons = {account: named[account] for account in sorted(known_accounts)}
    return _findings_of("list", reasons, held_bots, "no longer on the list that comes along")


def by_self_label(view: AsOfView, held_bots: Iterable[str]) -> Iterator[BotFinding]:
    """The accounts that declare themselves automated."""
    reasons = dict.fromkeys(sorted(queries.automated_accounts(view)), "says of itself that it is automated")
    return _findings_of("says-so", reasons, held_bots, "no longer says of itself that it is automated")


def _findings_of(rule: str, reasons: Mapping[str, str], examined: Iterable[str], gone: str) -> Iterator[BotFinding]:
    """Yields a rule's findings. `reasons`: by bot; `gone`: why the other examined accounts are no longer bots."""
    yield from (BotFinding(account, rule, "bot", reason) for account, reason in reasons.items())
    yield from (BotFinding(account, rule, "human", gone) for account in examined if account not in reasons)


def by_behaviour(span: ActivityWindow, limits: Mapping[str, int], held_bots: BotsByRule) -> Iterator[BotFinding]:
    """The accounts whose figures reach a rule's limit. Once judged, half the limit keeps the verdict, so that it does
    not flip back and forth."""
    if not limits:
        return
    least = min(limit if rule != "share" else MIN_ANNOUNCED_PAPERS * limit // 100 for rule, limit in limits.items())
    bots = (held_bots[rule] for rule in limits)
    judged_accounts = frozenset[str]().union(*bots)
    busy_accounts = queries.busy_accounts(span, max(least, 1))
    counts = {**busy_accounts, **queries.posting_volumes(span, judged_accounts)}
    announced = queries.announced_papers(span) if "share" in limits else {}
    for account, (number, papers) in sorted(counts.items()):
        held_rules = [rule for rule in limits if account in held_bots[rule]]
        own_limits = {rule: limit // 2 if rule in held_rules else limit for rule, limit in limits.items()}
        posts = queries.posts_of(span, account)
        known_papers = {}
        if number >= own_limits.get("template", number + 1):
            known_papers = span.view.by_key(Paper, (paper for post in posts for paper in post.papers))
        fewest = MIN_ANNOUNCED_PAPERS // 2 if "share" in held_rules else MIN_ANNOUNCED_PAPERS
        activity = rules.measure_account(posts, known_papers, rules.large_categories(announced, fewest), papers)
        named = count_noun(activity.papers, "paper")
        summary = f"no longer: {count_noun(activity.posts, 'post')} in {DAYS} days, naming {named}"
        for rule, limit in own_limits.items():
            if reason := RULES[rule](activity, limit):
                yield BotFinding(account, rule, "bot", reason)
            elif rule in held_rules:
                yield BotFinding(account, rule, "human", summary)


def by_chorus(span: ActivityWindow, limit: int, held_bots: frozenset[str]) -> Iterator[BotFinding]:
    """The accounts that post the same words together."""
    parts: list[tuple[str, str, int]] = []
    for paper, network in queries.crowded_papers(span, limit):
        known_paper = span.view.item(Paper, paper)
        parts += rules.chorus_posts(queries.posts_about(span, paper, network), known_paper, limit)
    in_chorus = rules.chorus_by_account(parts)
    counts = queries.posting_volumes(span, [*in_chorus, *held_bots])
    reasons = {account: rules.chorus_reason(group, counts[account][0], DAYS) for account, group in in_chorus.items()}
    bots = {account: reason for account, reason in reasons.items() if reason}
    return _findings_of("chorus", bots, counts, f"no longer: said something else in {DAYS} days")


def by_echo(span: ActivityWindow, limit: int, held_bots: frozenset[str]) -> Iterator[BotFinding]:
    """The accounts that repost quickly, again and again. A judged account that falls silent keeps its verdict."""
    for account in sorted({*queries.reposting_accounts(span, limit), *held_bots}):
        least = limit // 2 if account in held_bots else limit
        delays = queries.repost_delays(span, account)
        if reason := rules.echo_reason(delays, least):
            yield BotFinding(account, "echo", "bot", reason)
        elif len(delays) >= least:
            yield BotFinding(
                account, "echo", "human", f"no longer: reposted {len(delays):,} posts in {DAYS} days, at leisure"
            )


# ---- the operator's verdicts ----------------------------------------------------------------------------


def by_settings(view: AsOfView, settings: BotSettings) -> tuple[list[Verdict], list[RowOf[Verdict]]]:
    """The operator's verdicts that the settings call for and the record lacks, and the rows that the settings no longer
    call for."""
    wanted: dict[str, Judgement] = {}
    lists: list[tuple[Judgement, tuple[str, ...]]] = [("bot", settings.bots), ("human", settings.people)]
    for judgement, names in lists:
        for accounts in review.accounts_of(view, map(keys.normalize_key, names)).values():
            wanted |= dict.fromkeys(accounts, judgement)
    where = "t.about = 0 AND t.rule = ? AND t.reason = ?"
    params = (queries.OPERATOR, queries.IN_SETTINGS)
    verdicts = view.items(Verdict, where, params)
    judgements = {(verdict.subject, verdict.judgement) for verdict in verdicts}
    new = [
        _verdict(BotFinding(account, queries.OPERATOR, judgement, queries.IN_SETTINGS), view.as_of)
        for account, judgement in sorted(wanted.items())
        if (account, judgement) not in judgements
    ]
    return new, [
        row
        for row in queries.verdicts_of_settings(view)
        if not row.is_forgotten and wanted.get(row.item.subject) != row.item.judgement
    ]
