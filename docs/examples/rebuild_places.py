"""Scores, places and how networks were read, by docs/reference/rebuilding.md. Part of rebuild.py."""

import json
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

from rebuild_counts import COUNTS, DAY, GAP, HOUR, MOST, NETWORKS, SHORT, STATES, Counts, current
from rebuild_rest import archive_of, is_on, millipoints, scopes, server_name, server_of, servers_of

LEAD, LOST = 45 * HOUR // 60, ("what was said ", "the server no longer has ")  # how reasons begin if nothing was read
FIXED, MOVING = ((1, 1), (6, 19), (7, 4), (12, 25)), ((1, 0, 3), (9, 0, 1), (11, 3, 4))
REGULARS = ("least/3", "least/4", "least/5")  # the rules by which papers without two regulars become lines
NO_PART = {"network": "", "papers": 0, "atleast": 0, "among": "", "age": 0, "until": 0, "own": None}
HOLIDAYS = json.loads((Path(__file__).parents[1] / "reference" / "holidays.json").read_text("utf-8"))


class Places(Counts):  # of an issue's papers, and how networks were read
    def in_fields(self, paper):
        categories = self.about[paper].get("categories") or [r["category"] for r in self.rows("announcement", paper)]
        return self.has_words(paper) and in_any(categories, self.publication["categories"])

    def has_words(self, paper):
        text, wanted = "{title}\n{abstract}".format_map(defaultdict(str, self.about[paper])), self.publication
        return (not wanted["include"] or has_any(text, wanted["include"])) and not has_any(text, wanted["exclude"])

    def announced(self):
        papers = {row["paper"] for row in self.announcements if self.is_counted(row)}
        if "arxiv" in servers_of(self.publication["categories"]) and not self.is_announcement_known():
            return None
        is_read = all(row["state"] == "complete" for row in self.servers())
        return len(papers) if papers or is_read else None

    def announced_on(self):
        not_read = {row["network"] for row in self.servers() if row["state"] != "complete"}
        if not self.is_announcement_known():
            not_read.add("arxiv")
        papers = defaultdict(set)
        for row in filter(self.is_counted, self.announcements):
            papers[server_name(row["paper"], row["category"].partition(".")[0])].add(row["paper"])
        servers = servers_of(self.publication["categories"])
        return [{"server": s, "papers": len(papers[s]) if papers[s] or s not in not_read else None} for s in servers]

    def servers(self):  # how those besides arXiv were read for the days whose papers belong to the issue
        start, end = self.from_at, self.issue.get("until_at", self.as_of)
        if self.window == "daily":
            day = date.fromisoformat(self.issue["day"])
            start, end = midnight(day - timedelta(1 if day.weekday() else 3)), min(midnight(day), self.as_of)
        readings = []
        for name in dict.fromkeys(map(server_of, self.publication["categories"])):
            if name not in ("arxiv", "zenodo", "doi"):
                reading, gaps = self.judged(name, start, end)
                readings.append({"network": name, **reading, "gaps": gaps})
        return readings

    def is_counted(self, row):
        categories = (self.issue.get("counting") and self.about[row["paper"]].get("categories")) or [row["category"]]
        if row["type"] == "cross":
            categories = [name for name in categories if name.partition(".")[0] == row["category"].partition(".")[0]]
        is_wanted = self.issue.get("counting") != "words/1" or self.has_words(row["paper"])
        fields = self.publication["categories"]
        is_there = fields or is_on(row["paper"], row["category"].partition(".")[0], ["arxiv"])
        return is_wanted and is_there and in_any(categories, fields)

    def is_announcement_known(self):  # of arXiv, also that there was none
        return any(row["day"] == self.issue["day"] for row in self.announcements) or self.is_known_empty()

    def is_known_empty(self):
        day = date.fromisoformat(self.issue["day"])
        begin = midnight(day)
        rows = [r for r in current(self.rows("coverage", "arxiv"), "from_at") if 0 <= r["from_at"] - begin <= HOUR]
        is_empty = any(row.get("reason", "").startswith("nothing was announced") for row in rows)
        return is_empty or day.weekday() > 4 or is_holiday(day - timedelta(1 if day.weekday() else 3))

    def read_from(self, entries):
        if self.window != "daily":
            return self.from_at
        if "period" not in self.issue:
            return self.as_of - DAY
        rows = self.export.rows["issue"][self.publication["publication"]]
        rows = [row for row in rows if row["day"] < self.issue["day"] and row["since"] <= self.position]
        if rows:
            return json.loads(max(rows, key=itemgetter("day", "edition"))["content"])["as_of"]
        return min((self.announced_at[entry["paper"]] for entry in entries), default=self.as_of - DAY)

    def readings(self, counted, start):
        networks = [n for n in NETWORKS if n in counted or self.rows("coverage", n)]
        began = min(filter(None, self.began.values()), default=MOST)
        is_from_start = all(row["observed_at"] >= began for _, rows in self.all("coverage") for row in rows)
        if is_from_start and "period" not in self.issue:
            start = max(start, began - LEAD)
        return [{"network": n, **self.reading(n, start)} for n in self.publication["networks"] or networks]

    def judged(self, network, start, end):
        stretches = [s for s in self.stretches(network, start, end) if s[2]["state"] != SHORT]
        rows, result = [row for _, _, row in stretches], {"state": "unknown", "reason": "not read", "since": None}
        if any("until_at" in row for row in rows):
            worst = max(rows, key=lambda row: STATES.index(row["state"]))  # the first of several
            since = None if worst["state"] == "complete" else worst["from_at"]
            result = {"state": worst["state"], "reason": worst.get("reason", ""), "since": since}
        return result, list(gaps_of(stretches))

    def reading(self, network, start):
        has_gaps, (result, gaps) = "period" in self.issue, self.judged(network, start, self.as_of)
        if result["state"] == "unknown" and max(self.reports(network, "read back")) > self.as_of - GAP:
            return {"state": "complete", "reason": "", "since": None} | ({"gaps": []} if has_gaps else {})
        rows = [row for row in self.rows("coverage", network) if row["from_at"] < row["until_at"]]
        read = [
            row["from_at"] for row in rows if row["state"] != "refused" and not row.get("reason", "").startswith(LOST)
        ]
        more = {"gaps": gaps} | ({"began": min(read)} if read else {})
        return result | (more if has_gaps else {})

    def comparable(self, counts):
        """What papers had at the ages that they had reached: paper, archive, when it was announced, network, counts."""
        for (paper, age, _, from_at), networks in counts.items():
            at, archive = self.announced_at.get(paper, MOST), archive_of(self.about[paper])
            for network, counted in networks.items():
                is_late = at < self.read_since[network] and "collector" not in counted
                if at + age * HOUR <= self.as_of and not from_at and not is_late:
                    yield paper, archive, at, network, counted

    def references_of(self, counts):
        """What papers are compared with: by network and age, then archive, which papers had which x, announced when."""
        references = defaultdict(lambda: defaultdict(dict))
        for paper, archive, at, network, counted in self.comparable(counts):
            if counted["age"] in self.ages:
                references[network, counted["age"]][archive][paper] = counted["x"], at
        return references

    def peers(self, references):
        for (network, age), archives in sorted(references.items()):
            for archive, papers in sorted(archives.items()):
                counts = sorted(Counter(x for x, _ in papers.values() if x > 0 or age == 0).items())
                about = {"network": network, "age": age, "archive": archive, **self.days([papers])}
                yield from [about | {"counts": list(map(list, counts))}] if counts else []

    def days(self, archives):
        if not self.has_days or not any(x > 0 for papers in archives for x, _ in papers.values()):
            return {}
        firsts = [min((at for x, at in papers.values() if x >= 3), default=None) for papers in archives]
        days = (max(-((first - self.as_of) // DAY), 1) for first in firsts if first is not None)
        return {"days": max(days, default=0)}

    def largest(self, peers):
        papers, days = Counter(), Counter()
        for peer in peers:
            key = peer["network"], peer["age"]
            papers[key] += sum(n for x, n in peer["counts"] if x >= 3)
            days[key] = max(days[key], peer.get("days", 0))
        sizes = [(n >= 500 and days[key] >= 84, n, days[key], key) for key, n in sorted(papers.items())]
        is_old, n, many, (network, age) = max(sizes, key=itemgetter(0, 1, 2), default=(False, 0, 0, ("", 0)))
        return {"network": network, "age": age, "papers": n, "days": many, "young": not is_old}

    def scored(self, references, paper, counts, archive, at, order=0):
        counts = list(counts.values())
        parts = [self.part_of(references, paper, archive, counted) for counted in counts]
        score, vouching = sum(part["score"] for part in parts), [c["known"] for c in counts if "known" in c]
        vouched = 240 * known if (known := sum(vouching)) >= 2 else 0
        if vouching and self.ranking == "rarity/2" and score > vouched:
            parts.append(NO_PART | {"rule": "vouching", "voices": known, "score": vouched - score})
            score = vouched
        voices, numbers = (sum(c[name] for c in counts for name in names) for names in (["voices"], COUNTS))
        voices, numbers, score = (min(n, MOST) for n in (voices, numbers, score))
        entry = {"paper": paper, "archive": archive, "announced_at": at, "voices": voices, "score": score}
        keys = {"rank": (-score, -(known if self.ranking == "rarity/2" else voices), at, paper)}
        keys["classic"] = (-numbers, order, at, paper)
        return {**entry, **keys, "counts": counts, "parts": parts, "order": order}

    def part_of(self, references, paper, archive, counted):
        network, age, x = (counted[name] for name in ("network", "age", "x"))
        part = NO_PART | {"network": network, "age": age, "until": counted["until"], "voices": x}
        if self.ranking == "classic/1":
            return part | {"rule": "classic", "score": min(counted["likes"] + counted["reposts"], MOST)}
        archives = references.get((network, age), {})
        for among, names in scopes(archive, archives):
            part["among"], chosen = among, [archives[name] for name in names if name in archives]
            others = [n for papers in chosen for p, (n, _) in papers.items() if n >= (3 if age else 0) and p != paper]
            if len(others) >= 500:
                break
        at_least = sum(n >= x for n in others)
        points = millipoints(len(others), at_least) if x >= 3 else 0
        own = next((papers[paper][0] for papers in archives.values() if paper in papers), None)
        part |= {"papers": len(others), "atleast": at_least, "own": own, **self.days(chosen)}
        if self.ranking == "rarity/1":
            return part | {"rule": "rarity", "score": points}
        part |= {"rule": "capped" if points > 20 * x else "counted", "score": min(points, 20 * x)}
        return part | (counted.get("part", {}) if self.issue.get("counting") else {})

    def places(self, lane):
        ranks = sorted(lane, key=itemgetter("classic"))
        lane = ranks if self.ranking == "classic/1" else sorted(lane, key=itemgetter("rank"))
        ranks = {entry["paper"]: rank for rank, entry in enumerate(ranks, 1)}
        tied = {e["paper"] for pair in pairwise(lane) if pair[0]["score"] == pair[1]["score"] for e in pair}
        for place, entry in enumerate(lane, 1):
            entry |= {"place": place, "classic_rank": ranks[entry["paper"]], "tied": entry["paper"] in tied}
        return lane

    def split(self, entries, lines=()):
        listed, most = self.places([*entries, *lines]), self.publication.get("most_entries")
        shown = min(most or len(entries), len(entries))
        return {"entries": listed[:shown]} | ({"further": listed[shown:]} if most or lines else {})

    def earlier(self):
        """The voices of papers listed earlier, and the papers that were in lines for lack of regulars."""
        earlier, voices, lines = {(e["day"], e["edition"]) for e in self.issue["earlier"]}, {}, set()
        issues = [json.loads(row["content"]) for row in self.export.rows["issue"][self.publication["publication"]]]
        for issue in sorted((i for i in issues if (i["day"], i["edition"]) in earlier), key=itemgetter("day")):
            least = max(issue["publication"]["threshold"], 1) if issue.get("choice") in REGULARS else -MOST
            below = {entry["paper"] for entry in issue.get("further", []) if entry["score"] < least}
            listed = issue["entries"] + issue.get("further", []) + issue["ongoing"]
            voices |= {entry["paper"]: entry["voices"] for entry in listed if entry["paper"] not in below}
            lines |= below
        return voices, lines

    def chosen(self, candidates, listed, lines, is_young):
        """The entries, the lines for lack of regulars, and the papers still talked about."""
        choice = self.issue.get("choice")
        new = [entry for entry in candidates if entry["paper"] not in listed]
        entries = [entry for entry in new if self.is_passing(entry)]
        few = {e["paper"] for e in new if choice in REGULARS and self.has_few_regulars(e)}
        more = [e for e in new if not self.is_passing(e) and e["voices"] >= 3 and e["paper"] not in few & lines]
        is_filled = choice in ("least/1", "least/2", *REGULARS) and is_young and self.ranking != "classic/1"
        more = more[: max(self.publication.get("least_entries", 0) - len(entries), 0)] if is_filled else []
        entries += [entry for entry in more if entry["paper"] not in few]
        lines = [entry for entry in more if entry["paper"] in few]
        old = [entry for entry in candidates if self.is_passing(entry) and entry["paper"] in listed]
        return entries, lines, [entry for entry in old if entry["voices"] >= listed[entry["paper"]] + 3][:5]

    def is_passing(self, entry):
        return entry["score"] >= max(self.publication["threshold"], 1)

    def has_few_regulars(self, entry):
        known = [count["known"] for count in entry["counts"] if "known" in count]
        return bool(known) and sum(known) < 2


def gaps_of(stretches):
    """The stretches not read in full; those of one state are joined if less than 90 minutes lie between."""
    gaps = []
    for start, end, row in stretches:
        is_lost = "until_at" not in row or row.get("reason", "").startswith(LOST)
        state = "unknown" if is_lost else row["state"]
        if row["state"] == "complete":
            continue
        if gaps and gaps[-1]["state"] == state and start - gaps[-1]["until_at"] < GAP:
            gaps[-1]["until_at"] = end
        else:
            gaps.append({"from_at": start, "until_at": end, "state": state})
    return gaps


def midnight(day):
    return (day - date(1970, 1, 1)).days * DAY


def in_any(categories, fields):
    if any(name in fields or name.partition(".")[0] in fields for name in categories):
        return True
    return not fields or ("arxiv" in fields and any(server_of(name) == "arxiv" for name in categories))


def has_any(text, words):
    patterns = [r"\s+".join(map(re.escape, word.casefold().split())) for word in words]
    return any(re.search(rf"(?<!\w){pattern}(?!\w)", text.casefold()) for pattern in patterns if pattern)


def is_holiday(day):
    near = [day, day + timedelta({0: -1, 4: 1}.get(day.weekday(), 0))]  # that of a weekend is on the weekday beside it
    is_fixed = any((d.month, d.day) in FIXED and d.year == day.year for d in near)
    by_rule = is_fixed or (day.month, day.weekday(), (day.day + 6) // 7) in MOVING
    return by_rule if day.year > 2026 else str(day) in HOLIDAYS
