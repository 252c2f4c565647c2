"""The suite's results as tables, and as the page in the docs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import mean, median_low
from textwrap import indent

from hotpapers.base.text.words import count_noun
from hotpapers.base.version import __version__
from hotpapers.issues import ranking
from lab.attacks.attack_figures import (
    GOALS,
    LISTED_HEADS,
    PRICES,
    AttackFigures,
    CostSummary,
    Goal,
    HonestSummary,
    ListingCost,
    MeasuredLoss,
    NotRun,
    by_goal,
    cost_cell,
    cost_rows,
    least,
    listed_rows,
    needs_standing,
)
from lab.attacks.campaign import Attack, Expenses
from lab.attacks.catalogue import ATTACKS
from lab.attacks.honest import Collateral, HonestLoss
from lab.attacks.least_costs import MOST
from lab.attacks.suite import WORLDS, Results, Trial
from lab.text_tables import markdown_table, plain_table
from lab.worlds import WorldLaw

NEVER = MOST + 1
LIFTED = "lifted "
"""The prefix of attacks for a paper that people already talk about."""
NO_SUCH_PAPER = "no day of the worlds has such a paper, or as many networks"


def figures_of(
    results: Results, laws: Sequence[WorldLaw], attacks: Sequence[Attack], listed: tuple[ListingCost, ...] = ()
) -> AttackFigures:
    """The suite's results. `attacks`: those that should be among them; `listed`: what an entry costs."""
    words = attack_words(results.trials, attacks)
    honest: dict[tuple[int, str], list[Collateral]] = defaultdict(list)
    for day in results.collateral:
        honest[day.networks, day.ranking].append(day)
    return AttackFigures(
        program=__version__,
        default=ranking.DEFAULT,
        most=MOST,
        worlds=len(laws),
        days=sum(law.days for law in laws),
        attacks=words,
        rows=summaries(results.trials),
        honest=tuple(_honest(days) for _, days in sorted(honest.items())),
        losses=tuple(_losses(results)),
        listed=listed,
        not_run=tuple(NotRun("", "", attack.name, NO_SUCH_PAPER) for attack in attacks if attack.name not in words),
    )


def attack_words(trials: Iterable[Trial], attacks: Iterable[Attack]) -> dict[str, str]:
    """What those of the attacks that were tried do, by name."""
    tried_attacks = {trial.attack for trial in trials}
    return {attack.name: attack.about for attack in attacks if attack.name in tried_attacks}


def summaries(trials: Iterable[Trial]) -> tuple[CostSummary, ...]:
    """The trials summarized by networks, ranking, attack, goal and kind of account."""
    groups: dict[tuple[int, str, str, Goal, bool], list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.networks, trial.ranking, trial.attack, trial.goal, trial.aged].append(trial)
    return tuple(_summary(some) for some in groups.values())


def _summary(trials: Sequence[Trial]) -> CostSummary:
    first = trials[0]
    costs = sorted(trial.cost.accounts if trial.cost else NEVER for trial in trials)
    accounts = median_low(costs)
    cost = next((trial.cost for trial in trials if trial.cost and trial.cost.accounts == accounts), None)
    expenses = cost.expenses if cost else Expenses(0, 0, 0, 0, 0)
    costs_reached = [trial.cost for trial in trials if trial.cost]
    moved = round(mean(result.moved for result in costs_reached), 2) if costs_reached else 0.0
    return CostSummary(
        first.networks,
        first.ranking,
        first.attack,
        first.goal,
        first.aged,
        accounts if cost else None,
        expenses.fresh,
        expenses.aged,
        expenses.posts + expenses.reactions,
        round(expenses.dollars, 4),
        round(expenses.patient_dollars, 4),
        len(trials),
        len(costs_reached),
        moved,
        next((trial.failed for trial in trials if trial.failed), ""),
    )


def _honest(days: Sequence[Collateral]) -> HonestSummary:
    kept_counts = [day.kept for day in days if day.kept is not None]
    return HonestSummary(
        days[0].networks,
        days[0].ranking,
        median_low(kept_counts) if kept_counts else None,
        round(mean(day.agreement for day in days), 4),
        median_low([day.entries for day in days]),
        len(days),
    )


# ---- on a terminal -------------------------------------------------------------------------------------------


def lines(table: AttackFigures) -> Iterator[str]:
    """The results for a terminal: a table for each number of networks and each goal."""
    for failed in dict.fromkeys(row.failed for row in table.rows if row.failed):
        yield f"Failed: {failed}"
    for gap in () if table.issues else table.not_run:
        yield f"Not run: {gap.attack}: {gap.reason}"
    for heading, cells in tables(table):
        yield heading
        yield indent(plain_table(cells[0], cells[1:]), "  ")
        yield ""


def tables(table: AttackFigures) -> Iterator[tuple[str, list[list[str]]]]:
    """(heading, rows of cells, starting with a header row)."""
    for networks, goal, goal_rows in by_goal(table.rows):
        yield f"Accounts for {GOALS[goal]}, {count_noun(networks, 'network')}", _costs(goal_rows)
    if table.honest:
        yield "Without an attack", _honest_cells(table.honest)
    if table.listed:
        yield "Accounts for an entry", [list(LISTED_HEADS), *map(list, listed_rows(table.listed))]
    if table.losses:
        cells = [[str(row.networks), row.what, row.measured] for row in table.losses]
        yield "What honest accounts lose", [["networks", "what", "measured"], *cells]


def _costs(rows: Sequence[CostSummary]) -> list[list[str]]:
    names = list(dict.fromkeys(row.ranking for row in rows))
    return [["attack", "accounts", *names], *([attack, kind, *cells] for attack, kind, cells in cost_rows(rows, names))]


def _honest_cells(rows: Iterable[HonestSummary]) -> list[list[str]]:
    cells = [["networks", "ranking", "kept of the first ten by all voices", "agreement with the heat", "scored"]]
    for row in rows:
        kept = "" if row.kept is None else str(row.kept)
        cells.append([str(row.networks), row.ranking, kept, f"{row.agreement:.2f}", f"{row.entries:,}"])
    return cells


FARTHEST = 3
"""The most places that one account should move a paper."""


def _losses(results: Results) -> Iterator[MeasuredLoss]:
    for networks in sorted({day.networks for day in results.losses}):
        for what, measured in _lost([day for day in results.losses if day.networks == networks]):
            yield MeasuredLoss(networks, what, measured)
        judged_days = [day for day in results.judged if day.networks == networks]
        bots, voices = sum(day.bots for day in judged_days), sum(day.voices for day in judged_days)
        what = "honest voices of two weeks that are judged bots, over all days"
        yield MeasuredLoss(networks, what, f"{bots:,} of {voices:,}")
        days = [day for day in results.small_fields if day.networks == networks]
        papers_talked_about = median_low([day.talked_about for day in days]) if days else 0
        entries = sum(day.entries > 0 for day in days)
        what = f"issues with an entry in a record with one new paper a day, {papers_talked_about} of 90 talked about"
        yield MeasuredLoss(networks, what, f"{entries} of {len(days)}")


def _lost(days: Sequence[HonestLoss]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(day.ranking for day in days):
        own = [day for day in days if day.ranking == name]
        for what, moves in (
            (f"without one account's voice, {name}", [day.own_voice for day in own]),
            (f"without one account and its posts, {name}", [day.with_posts for day in own]),
        ):
            few = sum(places <= FARTHEST for places in moves)
            yield f"issues in which no paper moves more than {FARTHEST} places, {what}", f"{few} of {len(own)}"
            yield (
                f"most places that a paper moves on the median day, {what}",
                f"{median_low(moves):,}",
            )


# ---- the page -----------------------------------------------------------------------------------------------


def page(table: AttackFigures) -> str:
    """The page of the docs, with the cheapest attacks only; the terminal shows all. If not everything was tried, it has
    the tables, but not what the docs conclude from all."""
    return "\n".join((*_page(table), ""))


def _is_whole(table: AttackFigures) -> bool:
    """Whether these are the figures of all attacks in all worlds."""
    is_all_worlds = (table.worlds, table.days) == (len(WORLDS), sum(law.days for law in WORLDS))
    return is_all_worlds and table.attacks.keys() == {attack.name for attack in ATTACKS}


def _page(table: AttackFigures) -> Iterator[str]:
    names = list(dict.fromkeys(row.ranking for row in table.rows))
    first = table.default if table.default in names else next(iter(names), table.default)
    is_whole = _is_whole(table)
    command = "`python -m lab attacks --all`, which prints all figures" if is_whole else "`python -m lab attacks`"
    days, worlds = count_noun(table.days, "day"), count_noun(table.worlds, "made-up world")
    yield _HEAD.format(command=command, most=table.most, worlds=worlds, days=days)
    if is_whole:
        yield _RANKED_BY.format(default=table.default)
    yield _COSTS
    yield markdown_table(*_by_ranking(table.rows, names))
    own = [row for row in table.rows if row.ranking == first]
    if is_whole:
        yield _STILL_CHEAP
    if table.listed:
        yield _LISTED
        yield markdown_table(LISTED_HEADS, listed_rows(table.listed))
    yield _BY_ATTACK.format(ranking=first)
    for goals in (("first", "top ten"), ("rival out",)):
        heads, *cells = _by_attack([row for row in own if row.goal in goals], table.attacks)
        if cells:
            yield markdown_table(heads, cells) + "\n"
    yield _MONEY
    prices = ([what, f"{dollars:g}", source, str(year)] for what, dollars, source, year in PRICES)
    yield markdown_table(["what", "US dollars", "source", "year"], prices)
    yield from _losses_table(table)
    if is_whole:
        yield _TAIL


def _by_ranking(rows: Sequence[CostSummary], names: Iterable[str]) -> tuple[list[str], list[list[str]]]:
    """For each ranking, the cheapest attack for each goal: with new accounts alone, and with standing; and with new
    ones for a paper that people already talk about."""
    places = _places(row for row in rows if row.goal != "rival out")
    cells = []
    for name in names:
        own = [row for row in rows if row.ranking == name and not row.attack.startswith(LIFTED)]
        lifted = [row for row in rows if row.ranking == name and row.attack.startswith(LIFTED)]
        new, standing = ([_cheapest(own, place, has) for place in places] for has in (False, True))
        kinds = {"either": new} if new == standing else {"new": new, "with standing": standing}
        if lifted:
            kinds["new, lifting a paper"] = [_cheapest(lifted, place, standing=False) for place in places]
        cells += [[name, kind, *costs] for kind, costs in kinds.items()]
    return ["ranking", "accounts", *map(_place_words, places)], cells


def _by_attack(rows: Sequence[CostSummary], about: Mapping[str, str]) -> Iterator[list[str]]:
    """For each attack on one ranking, what it does and costs, with the cheaper kind of accounts."""
    places = _places(rows)
    yield ["attack", "what it does", *map(_place_words, places)]
    for attack in dict.fromkeys(row.attack for row in rows):
        rows_by_place = {
            place: [row for row in rows if row.attack == attack and _place(row) == place] for place in places
        }
        yield [attack, about.get(attack, ""), *(_bought(place_rows) for place_rows in rows_by_place.values())]


def _place(row: CostSummary) -> tuple[int, Goal]:
    return row.networks, row.goal


def _places(rows: Iterable[CostSummary]) -> list[tuple[int, Goal]]:
    """Each number of networks with each goal."""
    order = list(GOALS)
    return sorted({_place(row) for row in rows}, key=lambda place: (place[0], order.index(place[1])))


def _place_words(place: tuple[int, Goal]) -> str:
    return f"{GOALS[place[1]]}, {count_noun(place[0], 'network')}"


def _cheapest(rows: Iterable[CostSummary], place: tuple[int, Goal], standing: bool) -> str:
    row = least(row for row in rows if _place(row) == place and needs_standing(row) is standing)
    return f"{cost_cell(row)} ({row.attack})" if row else "never"


def _bought(rows: Sequence[CostSummary]) -> str:
    """`60+7, $27.35` for the cheapest in dollars, or `never`."""
    if not rows:
        return ""
    successful = [row for row in rows if row.accounts is not None]
    if not successful:
        return cost_cell(max(rows, key=lambda row: row.reached))
    row = min(successful, key=lambda row: row.dollars)
    return f"{row.fresh:,}+{row.aged:,}, ${row.dollars:,.2f}"


def _losses_table(table: AttackFigures) -> Iterator[str]:
    if table.losses:
        by_ranking = [row for row in table.losses if row.what.rpartition(", ")[2] in ranking.RANKINGS]
        others = [*_kept(table), *_moved(table), *(row for row in table.losses if row not in by_ranking)]
        yield "\n## What honest accounts lose\n"
        for losses in (
            [(row.what, count_noun(row.networks, "network"), row.measured) for row in others],
            [_ranking_cell(row) for row in by_ranking],
        ):
            if losses:
                yield markdown_table(*_by_column(losses)) + "\n"
        yield _LOST


def _ranking_cell(row: MeasuredLoss) -> tuple[str, str, str]:
    what, _, name = row.what.rpartition(", ")
    return what, f"{name}, {count_noun(row.networks, 'network')}", row.measured


def _by_column(losses: Iterable[tuple[str, str, str]]) -> tuple[list[str], list[list[str]]]:
    """A table of (what, column, measured), its columns sorted."""
    measured = {(what, column): value for what, column, value in losses}
    columns = sorted({column for _, column in measured})
    names = dict.fromkeys(what for what, _ in measured)
    return ["what", *columns], [[what, *(measured.get((what, column), "") for column in columns)] for what in names]


def _kept(table: AttackFigures) -> Iterator[MeasuredLoss]:
    """How much of the first ten the default ranking keeps although few accounts have standing."""
    what = f"of the first ten if every account had standing, those in the first ten on the median day, {table.default}"
    for row in table.honest:
        if row.ranking == table.default and row.kept is not None:
            yield MeasuredLoss(row.networks, what, str(row.kept))


def _moved(table: AttackFigures) -> Iterator[MeasuredLoss]:
    """What attacks on the default ranking do to the papers that they pass."""
    own = [row for row in table.rows if row.ranking == table.default and row.goal != "rival out"]
    for networks in sorted({row.networks for row in own}):
        for attack in dict.fromkeys(row.attack for row in own if row.moved):
            moved = [row.moved for row in own if (row.networks, row.attack) == (networks, attack)]
            what = f"of the first ten, those whose order changes on average, {attack}, {table.default}"
            yield MeasuredLoss(networks, what, f"{max(moved, default=0.0):.1f}")


def sections(table: AttackFigures) -> Iterator[str]:
    """The tables of a page, each with its heading, and what the attacks do."""
    for heading, cells in tables(table):
        yield f"\n## {heading}\n"
        yield markdown_table(cells[0], cells[1:])
    if table.attacks:
        yield "\n## The attacks\n"
        yield markdown_table(["attack", "what it does"], list(table.attacks.items()))


_HEAD = """# Attacks

What it takes to buy a place in an issue, as measured by {command}.

Each figure is the fewest accounts that reach the goal on the median day, with the cheapest of an attack's variants,
over {days} in {worlds}. *never*: {most:,} accounts were not enough; *never (9 of 100 days)*: they
were enough on 9 days. Accounts *with standing* had been known for 30 days and had talked about three other papers;
*new* ones had not. A *lifted* paper had reached that place on its own.
"""

_RANKED_BY = """Issues are ranked by [`{default}`](../../docs/explanation/ranking.md) unless a publication says
otherwise.
"""

_COSTS = """## The fewest accounts for a place
"""

_STILL_CHEAP = """
What is still cheap on `rarity/2`:

* A few accounts with standing vouch for many new ones: *aged posters, fresh likes*. The price in an issue's entries is
  the lower bound for this attack.
* New accounts lift a paper that people already talk about, as far as known voices vouch for it: *lifted from place 20*.
* Standing takes patience, not money: where likes have names, a new account that likes posts about three papers has it
  30 days later, for $0.10, and keeps it if the likes are taken back. The dollar figures assume bought standing.
* Colleagues cost nothing. A person with a domain of their own can be two people over a bridge that the record does not
  know, and an author's second account is anybody's: each halves or doubles figures here, not more.
* While networks cannot be read, fewer accounts are enough: *outage*, *blackout*. The issue names these networks.
* Where posts can be backdated, nine copies of a supporter's words make an account that rarely posts look like part of a
  chorus: *rival, as a chorus*. On most days this removes too few supporters.
* A paper that only three known voices vouch for can drop out if one of them is removed.

Not tried, as they change no score: readers' reports, hidden posts, and cross-lists. A bot that proves itself a
[person](../../docs/wings/accounts.md) is an account like others."""

_LISTED = """
## An entry of a small or young record

Until a record has 500 papers of 84 days to compare with, for a small field forever, an issue is filled up with papers
below the threshold. The table has what it takes, on the median day, to become an entry. By `least/2`, three people were
enough. By `least/3`, two of them must be regulars, once the record knows 100; other papers get a line below the
entries, which takes three people: as few as one account that likes and reposts its own post, where a network names
nobody. With `least/4` and later, prices say so, and a person with accounts on several networks is one regular.

Requiring one regular made an entry cost one account with standing or a colleague; requiring two moves more papers into
lines. In the made-up week it moves 3 of 168; in the small records, where few people come back, more than half. No rule
about known people does much better there: *seen* are the entries that the weakest would keep, two people whom the
record had seen with any paper a week before. *Still talked about* and tops only have papers that were entries, lanes
only posts of people whom the operator follows. *All papers* of a day, by people, counts everybody: 1 to 10 new accounts
enter its first ten.
"""

_BY_ATTACK = """
## Each attack, on `{ranking}`

`60+7` is 60 new accounts and 7 with standing, followed by their cost.
"""

_MONEY = """A bought like brings its account; a post needs a new one. The prices were published by others; what other
shops ask is unknown:
"""

_LOST = """An attack for a place that is not listed changes nobody else's order. *Without one account* covers, for each
ranking, as many papers as `rarity/2` would show. A paper with a single post drops out of any ranking without the
account that made it."""

_TAIL = """
## What the worlds are

They follow a few laws: how hot papers are, how many people post about them on each network, how often posts are liked,
and which of these people come back. The figures were chosen, not fitted: on the median day the first paper has
686 likes and reposts with four networks, and 513 with nine; in 57 recorded issues from 2020 it had 334. One network
names the accounts that like.

The worlds cannot show how well real attackers hide, or how real people would respond. Their records are months old:
until a record knows 100 accounts with standing, every voice counts, and far fewer new accounts are enough. Attacks with
many posts are tried on every fifth day, other rankings on every tenth, published formulas on one day of each world.

## On issues of your own

`python -m lab attacks --store hotpapers.db --last 5` attacks a publication's last five frozen issues,
`--issue 2026-03-13` a specific one, with what the record had at its cut. The target is a paper in the publication's
fields that nobody talked about.

## An attack of your own

An attack is a Python file with a constant `ATTACK`; it runs with your rights:

```python
from lab.attacks.campaign import Attack, Campaign


def run(campaign: Campaign, accounts: int) -> None:
    \"\"\"One account posts on the sparsest network, the others repost it.\"\"\"
    network = campaign.networks[0].name
    poster, *others = campaign.accounts(accounts)
    post = campaign.post(poster, network, hours=campaign.knobs["hours"])
    for account in others:
        campaign.react(account, post, hours=campaign.knobs["hours"] + 1, type="repost")


ATTACK = Attack("reposts", "reposts on the sparsest network", run, knobs={"hours": (1, 5)})
```

`python -m lab attacks --quick --attack-file mine.py` tries it on each day, for each value of its knobs, with
new accounts and with standing. More accounts must never achieve less: the least number is
found by binary search. An impossible action, a run of more than 60 seconds, 100,000 posts, or a million
likes and reposts (limit a ring's members) is shown as *failed*, and the exit status is 1.
[`campaign.py`](../attacks/campaign.py) documents `Campaign` and `Attack`.

Your own worlds can be given as JSON, `--worlds worlds.json`; omitted fields of a world have their defaults:

```json
{"seed": 7, "days": 5, "papers": 80, "networks": [
  {"name": "bluesky", "posts": 0.1, "likes": 3.5, "posters": 400, "likers": 3000, "names_accounts": true},
  {"name": "forum", "posts": 0.05, "likes": 2, "posters": 90, "likers": 400}]}
```"""
