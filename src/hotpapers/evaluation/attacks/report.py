"""What the suite found, in brief: a table, and the page in the docs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import mean, median_low
from textwrap import indent

from hotpapers import __version__, ranking
from hotpapers.evaluation.attacks.campaign import Goal
from hotpapers.evaluation.attacks.catalogue import ATTACKS
from hotpapers.evaluation.attacks.figures import (
    GOALS,
    AttackFigures,
    CostSummary,
    HonestSummary,
    MeasuredLoss,
    cost_rows,
)
from hotpapers.evaluation.attacks.honest import Collateral, HonestLoss, SmallField
from hotpapers.evaluation.attacks.prices import PRICES, money
from hotpapers.evaluation.attacks.search import MOST, Cost
from hotpapers.evaluation.attacks.suite import Results, Trial
from hotpapers.evaluation.text_tables import markdown_table, plain_table
from hotpapers.evaluation.worlds import WorldLaw

NEVER = MOST + 1


def figures_of(results: Results, laws: Sequence[WorldLaw]) -> AttackFigures:
    """The suite's results."""
    honest: dict[tuple[int, str], list[Collateral]] = defaultdict(list)
    for day in results.collateral:
        honest[day.networks, day.ranking].append(day)
    return AttackFigures(
        program=__version__, default=ranking.DEFAULT, most=MOST, worlds=len(laws), days=sum(law.days for law in laws),
        attacks=attack_words(results.trials),
        rows=summaries(results.trials), honest=tuple(_honest(days) for _, days in sorted(honest.items())),
        losses=tuple(_losses(results.losses, results.small_fields)),
    )  # fmt: skip


def attack_words(trials: Iterable[Trial]) -> dict[str, str]:
    """What the attacks of the catalogue that were tried do, by their names."""
    tried = {trial.attack for trial in trials}
    return {attack.name: attack.about for attack in ATTACKS if attack.name in tried}


def summaries(trials: Iterable[Trial]) -> tuple[CostSummary, ...]:
    """What was tried, by networks, ranking, attack, goal and kind of account."""
    groups: dict[tuple[int, str, str, Goal, bool], list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.networks, trial.ranking, trial.attack, trial.goal, trial.aged].append(trial)
    return tuple(_summary(some) for some in groups.values())


def _summary(trials: Sequence[Trial]) -> CostSummary:
    first = trials[0]
    costs = sorted(trial.cost.accounts if trial.cost else NEVER for trial in trials)
    accounts = median_low(costs)
    cost = next((trial.cost for trial in trials if trial.cost and trial.cost.accounts == accounts), None)
    reached = [trial.cost for trial in trials if trial.cost]
    moved = round(mean(result.moved for result in reached), 2) if reached else 0.0
    return CostSummary(
        first.networks, first.ranking, first.attack, first.goal, first.aged, accounts if cost else None,
        *_spent(cost), len(trials), len(reached), moved,
        next((trial.failed for trial in trials if trial.failed), ""),
    )  # fmt: skip


def _spent(cost: Cost | None) -> tuple[int, int, int, float]:
    if cost is None:
        return 0, 0, 0, 0.0
    return cost.spent.fresh, cost.spent.aged, cost.spent.posts + cost.spent.reactions, round(money(cost.spent), 4)


def _honest(days: Sequence[Collateral]) -> HonestSummary:
    kept = [day.kept for day in days if day.kept is not None]
    return HonestSummary(
        days[0].networks, days[0].ranking, median_low(kept) if kept else None,
        round(mean(day.agreement for day in days), 4), median_low([day.entries for day in days]), len(days),
    )  # fmt: skip


# ---- on a terminal -------------------------------------------------------------------------------------------


def lines(table: AttackFigures) -> Iterator[str]:
    """The results for a terminal: a table for each number of networks and each goal."""
    for failed in dict.fromkeys(row.failed for row in table.rows if row.failed):
        yield f"Failed: {failed}"
    for heading, cells in tables(table):
        yield heading
        yield indent(plain_table(cells[0], cells[1:]), "  ")
        yield ""


def tables(table: AttackFigures) -> Iterator[tuple[str, list[list[str]]]]:
    """(heading, rows of cells, the first one of names)."""
    for networks in sorted({row.networks for row in table.rows}):
        for goal, words in GOALS.items():
            some = [row for row in table.rows if row.networks == networks and row.goal == goal]
            if some:
                yield f"Accounts for {words}, {networks} networks", _costs(some)
    if table.honest:
        yield "Without an attack", _honest_cells(table.honest)
    if table.losses:
        cells = [[str(row.networks), row.what, row.measured] for row in table.losses]
        yield "What the honest lose", [["networks", "what", "measured"], *cells]


def _costs(rows: Sequence[CostSummary]) -> list[list[str]]:
    names = list(dict.fromkeys(row.ranking for row in rows))
    return [["attack", "accounts", *names], *([attack, kind, *cells] for attack, kind, cells in cost_rows(rows, names))]


def _honest_cells(rows: Iterable[HonestSummary]) -> list[list[str]]:
    cells = [["networks", "ranking", "of the first ten that all voices make", "agreement with the heat", "scored"]]
    for row in rows:
        kept = "" if row.kept is None else str(row.kept)
        cells.append([str(row.networks), row.ranking, kept, f"{row.agreement:.2f}", str(row.entries)])
    return cells


FARTHEST = 3
"""Places by which one account should move no paper further."""


def _losses(losses: Sequence[HonestLoss], small: Sequence[SmallField]) -> Iterator[MeasuredLoss]:
    for networks in sorted({day.networks for day in losses}):
        for what, measured in _lost([day for day in losses if day.networks == networks]):
            yield MeasuredLoss(networks, what, measured)
        days = [day for day in small if day.networks == networks]
        about = median_low([day.talked_about for day in days]) if days else 0
        entries = sum(day.entries > 0 for day in days)
        what = f"issues with an entry in a record of one new paper a day, {about} of 90 days talked about"
        yield MeasuredLoss(networks, what, f"{entries} of {len(days)}")


def _lost(days: Sequence[HonestLoss]) -> Iterator[tuple[str, str]]:
    for what, moves in (
        ("one account's voice taken away", [day.own_voice for day in days]),
        ("one account and its posts taken away", [day.with_posts for day in days]),
    ):
        few = sum(places <= FARTHEST for places in moves)
        yield f"issues in which no paper moves more than {FARTHEST} places, {what}", f"{few} of {len(days)}"
        yield f"places by which the paper that moves farthest moves on the median day, {what}", str(median_low(moves))
    bots, voices = sum(day.bots for day in days), sum(day.voices for day in days)
    yield "honest voices of a fortnight judged bots, on all days", f"{bots:,} of {voices:,}"


# ---- the page -----------------------------------------------------------------------------------------------


def page(table: AttackFigures) -> str:
    """The page of the docs."""
    return "\n".join((*_page(table), ""))


def _page(table: AttackFigures) -> Iterator[str]:
    yield _HEAD.format(most=table.most, default=table.default, worlds=table.worlds, days=table.days)
    for heading, cells in tables(table):
        yield f"\n## {heading}\n"
        yield markdown_table(cells[0], cells[1:])
    yield "\n## The attacks\n"
    yield markdown_table(["attack", "what it does"], list(table.attacks.items()))
    yield _WEAK.rstrip()
    yield _MONEY
    yield markdown_table(["what", "US dollars", "source", "year"], map(_price_cells, PRICES))
    costs = [row for row in table.rows if row.ranking == table.default and row.accounts and row.goal != "rival out"]
    yield f"\nAt these prices, on `{table.default}`:\n"
    yield markdown_table(["networks", "attack", "for", "accounts", "dollars"], map(_money_cells, costs))
    yield _ISSUES
    yield _TAIL


def _price_cells(price: tuple[str, float, str, int]) -> list[str]:
    what, dollars, source, year = price
    return [what, f"{dollars:g}", source, str(year)]


def _money_cells(row: CostSummary) -> list[str]:
    return [str(row.networks), row.attack, GOALS[row.goal], f"{row.fresh} new, {row.aged} with standing",
            f"{row.dollars:,.2f}"]  # fmt: skip


_HEAD = """# Attacks

What it takes to buy a place in an issue, measured. `hotpapers evaluate attacks` wrote this page; the same seeds give
the same figures on every machine. The site of a publication shows them too, on its page *What a place costs*.

Each figure is the least number of accounts that reach the goal by the cheapest of an attack's variants, on the median
day: {days} days of {worlds} made-up worlds. *never*: {most:,} accounts were not enough. Accounts *with standing* were
known for 30 days and had spoken of three other papers, as the ranking asks; *new* ones had not. `60 + 7` is 60 new ones
and 7 with standing. Issues rank by `{default}` unless a publication says otherwise: [how it ranks](ranking.md).

The worlds are made of a few laws: how hot papers are, how many people post about them on each network, how often posts
are liked, and who of these people come back. One network names the accounts that like, the others tell their number
alone. No person and no post of theirs exists. The laws' figures are chosen, not fitted to any network. One thing was
compared: likes and reposts of the papers of an issue, in the archive's 57 issues of June to September 2020 and in 40
days of two of these worlds. The first paper had 334 on the median day there (136 to 1,184 from the tenth to the
ninetieth percentile), with four networks here 686 (173 to 1,838), with nine 513 (133 to 674); the tenth paper had 57
(in the eight issues that have ten), here 39 and 61. Single networks differ more: half of the made-up stories on Hacker
News get no point, while half of the 1,149 recorded ones that link a paper and were commented on have 75 or more. What
the worlds cannot tell: how well real attackers hide, and how real people would answer. Their records are months old:
until one knows 100 accounts with standing, it cannot tell them from new ones, every voice counts, and far fewer new
accounts are enough. Attacks of many posts are tried on every fifth day, other rankings on every tenth,
published formulas on one day of each world."""

_WEAK = """
## What remains cheap

* A few accounts with standing vouch for many new ones: *aged posters, fresh likes*. The price in an issue's entries is
  the lower bound of this attack.
* New accounts lift a paper that people talk about anyway, as far as known voices vouch for it: *lifted from place 20*.
* Where posts can be dated back, nine copies of a supporter's words, dated before them, make a chorus of an account that
  seldom posts: *rival, as a chorus*. On most days too few supporters fall by it.
* The lower places hang on few people: see *What the honest lose*. One known voice vouches for 500 points, so a paper
  that two of them vouch for goes with either.
"""

_MONEY = """
## What it costs

These prices were published by others; none is a guess of ours.
"""

_ISSUES = """
## On issues of your own

`hotpapers evaluate attacks --store hotpapers.db --last 5` attacks the last five frozen issues of a publication, and
`--issue 2026-03-13` a certain one. What the record had by an issue's cut, and who had standing then, is the day; the
accounts' posts, likes and reposts come to it, counted by the record's own functions. The target is a paper of the
publication's fields that nobody spoke of, of the archive with most of these. By the publication's own ranking a paper
must also reach the threshold to be among the first ten. The store is only read.

An attack for which the record lacks facts is named as not run, and why: where everybody spoke of every paper, where no
known account was the only one to post about one, where the words of the posts are not there, where the record is too
young to know anybody. Of somebody else's post that links the target too the counts are those of an age of its own
paper. Accounts that an attack makes look like a chorus lose their voice for the papers that it touches alone."""

_TAIL = """
## An attack of your own

An attack is a file with a constant `ATTACK`, and runs as a program with your rights:

```python
from hotpapers.evaluation.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    \"\"\"One account posts on the sparsest network, the others repost it.\"\"\"
    network = campaign.networks[0].name
    poster, *others = campaign.accounts(accounts)
    post = campaign.post(poster, network, hours=campaign.knobs["hours"])
    for account in others:
        campaign.react(account, post, hours=campaign.knobs["hours"] + 1, type="repost")


ATTACK = Attack("reposts", "reposts on the sparsest network", run, knobs={"hours": (1, 5)})
```

`hotpapers evaluate attacks --quick --attack-file mine.py` tries it: on each day, for each value of its knobs, with new
accounts and with such as have standing, and with more and more of them, so more must never help less. A campaign opens
accounts (`account`, `accounts`), posts (`post`), likes and reposts (`react`, many at a time `react_all`), also what
others posted (`campaign.target.posts`, `campaign.rival.posts`), takes back (`delete`), lets a popular post link the
target (`share`) and cuts a network off (`cut_off`); `post_and_react` lets one account post and others like it, `shares`
spreads accounts over networks. An account that acts on several networks counts on each of them. Whoever repeats others'
words is judged by the rule on choruses ([bots](bots.md)). `Attack` says in its docstring what targets there are.

Worlds of your own come as JSON, `--worlds worlds.json`; what is left out is as it is here:

```json
{"seed": 7, "days": 5, "papers": 80, "networks": [
  {"name": "bluesky", "posts": 0.1, "likes": 3.5, "posters": 400, "likers": 3000, "names_accounts": true},
  {"name": "forum", "posts": 0.05, "likes": 2, "posters": 90, "likers": 400}]}
```"""
