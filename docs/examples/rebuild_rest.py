"""Prices, forecasts, servers of papers, and where voices vouch, by docs/reference/rebuilding.md. Part of rebuild.py."""

import decimal
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache

ENOUGH, MAX_PRICE, PER_VOICE, VOUCHED = 500, 4096, 20, 240
PHYSICS = ["astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin"]
PHYSICS += ["nucl-ex", "nucl-th", "physics", "quant-ph"]
SIMILAR, TESTED, APART, EARLY, FINAL = 60, 30, 2, (6, 24, 72), 168  # of forecasts
_SERVERS = """biorxiv medrxiv chemrxiv africarxiv ecoevorxiv edarxiv engrxiv metaarxiv osf psyarxiv socarxiv
researchsquare ssrn preprints zenodo doi"""
SERVERS = set(_SERVERS.split())  # besides arXiv


@cache
def millipoints(papers, at_least):
    ratio = decimal.Decimal(papers + 1) / decimal.Decimal(at_least + 1)
    return int((ratio.log10() * 1000).to_integral_value(decimal.ROUND_HALF_EVEN))


def scopes(archive, archives):
    """What a paper of an archive may be compared with, the narrowest first: a name, and archives."""
    group, name = (PHYSICS, "physics") if archive in PHYSICS else ([archive], archive)
    return [*([(archive, [archive]), (f"{name} group", group)] if archive else []), ("all", archives)]


# ---- prices ---------------------------------------------------------------------------------------------


class Prices:  # of an issue with these peers; `knows`: whether it knows who has standing
    def __init__(self, peers, ages, knows):
        self.peers, self.ages, self.knows = defaultdict(dict), ages, knows
        for peer in peers:
            self.peers[peer["network"], peer["age"]][peer["archive"]] = peer["counts"]
        self.networks = sorted({network for network, _ in self.peers})
        self.steps = cache(self.steps_of)

    def price(self, score, archive, least):  # at least so many accounts, and known ones among them
        ages = [[self.steps(network, age, archive) for network in self.networks] for age in self.ages]
        known = max(-(-score // VOUCHED), 2) if self.knows and score > 0 else 0
        known, bound = max(known, least["known"]), 0
        while bound < MAX_PRICE:
            bound = min(bound * 2 or 64, MAX_PRICE)
            best = list(map(max, *(best_scores(tuple(networks), bound) for networks in ages)))
            if best[-1] >= score:
                return {"accounts": max(bisect_left(best, score), known, least["accounts"]), "known": known}
        return {"accounts": None, "known": known}

    def steps_of(self, network, age, archive):
        """At which x the part of a paper without voices of its own grows, and to how many points."""
        archives, steps = self.peers[network, age], []
        for _, names in scopes(archive, archives):
            counts = Counter()
            for x, papers in [pair for name in names for pair in archives.get(name, ())]:
                counts[x] += papers if x >= 3 else 0
            if counts.total() >= ENOUGH:
                break
        papers = at_least = counts.total()
        for x in range(3, MAX_PRICE + (max(counts, default=0) >= MAX_PRICE)):
            at_least -= counts[x - 1]
            points = min(millipoints(papers, at_least), PER_VOICE * x)
            if points > (steps[-1][1] if steps else 0):
                steps.append((x, points))
            if points == millipoints(papers, 0):  # more is impossible
                break
        return tuple(steps)


@cache
def best_scores(networks, bound):
    """The highest sum of parts that 0, 1, … accounts reach, with at most one step for each network."""
    best = [0] * (bound + 1)
    for steps in networks:
        raised = [[0] * x + [n + points for n in best[: bound + 1 - x]] for x, points in steps if x <= bound]
        best = list(map(max, best, *raised)) if raised else best
    return best


# ---- forecasts ------------------------------------------------------------------------------------------


class Forecasts:  # from curves: network, age, archive, day of the announcement, voices then and after a week
    def __init__(self, curves):
        here = defaultdict(list)
        for network, age, archive, day, voices, later in curves:
            if voices:
                here[network, age].append((voices, 1000 * later // voices, (day + 3) // 7, archive))
        self.papers = {key: len(rows) for key, rows in here.items()}
        self.ranges = {(*key, *where): growth for key, rows in here.items() for where, growth in ranges_of(rows)}

    def forecast(self, network, age, archive, voices):
        about = {"network": network, "age": age, "voices": voices, "papers": self.papers.get((network, age), 0)}
        return about | {"forecast": self.expected(network, age, archive, voices) if voices else None}

    def expected(self, network, age, archive, voices):
        for among, _ in scopes(archive, ()):
            if growth := self.ranges.get((network, age, among, voices.bit_length())):
                growths, low, high, least, most = growth
                lowest = -(-low * voices // 1000)
                highest = max(-(-(high + 1) * voices // 1000) - 1, lowest)
                middle = (growths[(len(growths) - 1) // 2] * voices + 500) // 1000
                middle = min(max(middle, lowest), highest)
                about = {"papers": len(growths), "among": among, "least": least, "most": most}
                return {"low": lowest, "median": middle, "high": highest, **about}
        return None


def classes_of(rows):
    """Rows of similar size: the smallest and the largest number of voices, and the rows. The largest class is first."""
    doublings, classes, steps = defaultdict(list), [], []
    for row in rows:
        doublings[row[0].bit_length()].append(row)
    for step in sorted(doublings, reverse=True):
        steps.append(step)
        if sum(len(doublings[n]) for n in steps) >= SIMILAR:
            classes.append(steps)
            steps = []
    if classes:
        classes[-1] += steps  # the rest
    return [(1 << min(s) - 1, (1 << max(s)) - 1, [row for n in s for row in doublings[n]]) for s in classes]


def ranges_of(rows):
    """Among which papers, and for which doubling of voices; growths, the range, and the class's smallest and largest
    number of voices. An archive and a group have ranges only of single doublings."""
    classes, fields = classes_of(rows), defaultdict(list)
    level = level_of([row[1:3] for row in members] for _, _, members in classes)
    for row in rows:
        for among, _ in scopes(row[3], ())[:-1]:
            fields[among].append(row)
    single = [(among, c) for among, here in fields.items() for c in classes_of(here) if 2 * c[0] == c[1] + 1]
    for among, (least, most, members) in [("all", c) for c in classes] + single if level else ():
        growths = sorted(row[1] for row in members)
        for step in range(least.bit_length(), most.bit_length() + 1):
            yield (among, step), (growths, *bounds(growths, level), least, most)


def bounds(growths, level):
    """The lowest and the highest growth of a range with `level` per cent of the gaps outside."""
    below = max(1, (len(growths) + 1) * level // 200)
    low = growths[below - 1]
    first = bisect_left(growths, low) if growths[below] == low else below - 1
    return low, growths[first + len(growths) + 1 - 2 * below]


def level_of(classes):
    """The highest level at which nine in ten are in the ranges of the weeks more than two away; None without one."""
    weeks = []
    for rows in classes:
        for week in {week for _, week in rows}:
            others = sorted(growth for growth, other in rows if abs(other - week) > APART)
            if len(others) >= TESTED:
                weeks.append((sorted(growth for growth, other in rows if other == week), others))
    tested = sum(len(own) for own, _ in weeks)
    for level in range(10, 1, -1) if tested >= SIMILAR else ():
        ranges = [(own, *bounds(others, level)) for own, others in weeks]
        if 100 * sum(bisect_right(own, high) - bisect_left(own, low) for own, low, high in ranges) >= 90 * tested:
            return level
    return None


def archive_of(paper):
    return (paper.get("categories") or [""])[0].partition(".")[0]


def server_of(category):
    return archive if (archive := category.partition(".")[0]) in SERVERS else "arxiv"


def servers_of(fields):
    return list(dict.fromkeys(map(server_of, fields))) or ["arxiv"]


def server_name(paper, archive):
    return "arxiv" if paper.startswith("arxiv:") else archive


def is_on(paper, archive, servers):
    return server_name(paper, archive) in servers


def is_of_day(row, day):
    if row["paper"].startswith("arxiv:"):
        return row["day"] == day
    at = date.fromisoformat(day)
    return str(at - timedelta(1 if at.weekday() else 3)) <= row["day"] < day


def vouching_once(named, homes):
    """The voices named on each network, each on one of them: its home if it is named there, or else the first."""
    places = {}
    for network, voices in named.items():
        places |= {voice: network for voice in voices if voice not in places or homes.get(voice) == network}
    return {network: {voice for voice in voices if places[voice] == network} for network, voices in named.items()}
