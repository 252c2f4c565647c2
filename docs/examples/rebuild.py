"""Rebuilds every issue of a full export from its rows, by docs/reference/rebuilding.md. Needs only Python."""

import decimal
import hashlib
import json
import re
import sys
from bisect import bisect_right
from collections import ChainMap, Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import chain, pairwise
from operator import itemgetter
from unicodedata import ucd_3_2_0 as unicode

HOUR, MOST, ENOUGH, TIMED = 3_600_000_000, 2**53 - 1, 100, ("rate", "share", "template")
DAY, GAP, LEAD = 24 * HOUR, 90 * HOUR // 60, 45 * HOUR // 60
AGES, COUNTS, STATES = (6, 24, 72, 168), {"reposts": "repost", "likes": "like"}, ("complete", "partial", "refused")
LOST = ("what was said ", "the server no longer has ")  # how reasons begin if nothing was read
SHORT, FIXED, MOVING = "short gap", ((1, 1), (6, 19), (7, 4), (12, 25)), ((1, 0, 3), (9, 0, 1), (11, 3, 4))
NO_PART = {"network": "", "papers": 0, "atleast": 0, "among": "", "age": 0, "until": 0, "own": None}
NETWORKS = ("bluesky", "mastodon", "hackernews", "lobsters", "reddit", "x", "huggingface", "feeds")
PHYSICS = "astro-ph|cond-mat|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nlin|nucl-ex|nucl-th|physics|quant-ph"
KINDS = dict.fromkeys(("paper", "announcement", "mention", "tally", "measurement"), "paper")  # what rows are about
KINDS |= {**dict.fromkeys(("listing", "place", "issue"), "publication"), "post": "post", "snapshot": "post"}
KINDS |= {"reaction": "post", "alias": "account", "verdict": "subject", "coverage": "network"}
NOT_REBUILT, NOT_ALWAYS = {"metadata", "posts", "price", "forecasts"}, {"known", "authors", "counted_as", "collector"}
HOLIDAYS = """200101 200120 200609 201126 201225 201229 201230 210101 211020 211125 211224 211228 211230 220117
220620 220905 221124 221227 221229 230116 230614 230619 230704 230817 230904 231123 231225 231227 240115 240522 240619
240704 240902 241008 241128 241225 241226 241231 250101 250120 250619 250704 250901 251127 251225 251230 260101 260119
260619 260703 260907 261126 261225 261229 261231"""


class Export:  # all rows by kind and what they are about, by moment; and which accounts were active when
    def __init__(self, lines):
        self.rows = {kind: defaultdict(list) for kind in KINDS}
        self.papers_of_post, self.account_of_post = defaultdict(set), {}
        self.first_papers, self.known_from = defaultdict(dict), {}  # account -> paper -> moment; batch, three moments
        self.secret, position, batch = b"", 0, []
        for item in map(json.loads, lines):
            if item["kind"] == "header":
                assert item["full"], "issues can be rebuilt only from a full export"
                self.secret = bytes.fromhex(item["secret"])
            elif item["kind"] == "batch":
                self.find_activities(batch)
                position, batch = item["position"], []
            elif item["kind"] in KINDS:
                row = item.pop("row", {})
                batch.append(item | {"since": position, "closed": row.get("until") or MOST})
                if item["kind"] == "post":
                    derived = row.get("derived") or [item["account"], text_number(item.get("text", ""), self.secret)]
                    batch[-1] |= {"account": derived[0], "text": derived[-1]}
                self.rows[item["kind"]][item[KINDS[item["kind"]]]].append(batch[-1])
        self.find_activities(batch)
        for rows in chain(*(kind.values() for kind in self.rows.values())):
            rows.sort(key=itemgetter("observed_at"))

    def find_activities(self, batch):
        self.account_of_post |= {row["post"]: row["account"] for row in batch if row["kind"] == "post"}
        for row in batch:
            if row["kind"] == "mention":
                self.papers_of_post[row["post"]].add(row["paper"])
        for row in sorted((r for r in batch if r["kind"] in ("mention", "reaction")), key=itemgetter("observed_at")):
            account = row.get("account") or self.account_of_post.get(row["post"])
            papers = {row["paper"]} if row["kind"] == "mention" else self.papers_of_post[row["post"]]
            if account and len(papers) == 1 and account not in self.known_from:
                self.first_papers[account].setdefault(*papers, row["observed_at"])
                if len(moments := self.first_papers[account].values()) == 3:
                    self.known_from[account] = row["since"], *moments


def text_number(text, secret):
    words = [word for word in text.split() if "://" not in word and "/" not in word.partition(".")[2]]
    letters = unicode.normalize("NFKC", " ".join(words))
    letters = "".join(letter for letter in letters if unicode.category(letter)[0] in "LN").casefold()
    digest = hashlib.blake2b(letters.encode(), digest_size=8, key=secret, person=b"same").digest()
    return int.from_bytes(digest, "big", signed=True) >> 11 if len(letters) >= 24 else 0


def last(rows, moment):  # of rows sorted by moment
    return rows[n - 1] if (n := bisect_right(rows, moment, key=itemgetter("observed_at"))) else None


def current(rows, *key):  # of rows sorted by moment
    return list({tuple(row[name] for name in key): row for row in rows}.values())


class Issue:  # rebuilt from the rows of an export that were open at its position, and observed by its cut
    def __init__(self, export, issue):
        self.export, self.issue, self.publication, self.ranking = export, issue, issue["publication"], issue["ranking"]
        self.as_of, self.position, self.from_at = issue["as_of"], issue["position"], issue["from_at"]
        self.rows, self.read_in_full = cache(self.visible_rows), cache(self.spans_read_in_full)
        self.window, self.networks = self.publication["window"], self.publication["networks"] or NETWORKS
        alias = {account: rows[-1]["stable"] for account, rows in self.all("alias") if rows}
        self.voice = lambda account: alias.get(account, account)
        self.own = {self.voice(name) for own in self.publication["own"] for name in names_of(own, export.secret)}
        self.judge()
        self.about = defaultdict(dict, {paper: rows[-1] for paper, rows in self.all("paper") if rows})
        self.ages = AGES[1:] if self.ranking == "rarity/2" else AGES
        self.began = {network: min(self.reports(network, "reading began")) for network in NETWORKS}
        since = {n: [row["from_at"] for row in self.rows("coverage", n)] for n, at in self.began.items() if at}
        self.read_since = Counter({network: min(moments) for network, moments in since.items()})
        self.back = {n: max(self.reports(n, "read back", at + 6 * HOUR)) for n, at in self.began.items()}
        announced = {paper: current(rows, "day", "category") for paper, rows in self.all("announcement")}
        announced = {paper: [r for r in rows if r["type"] != "replacement"] for paper, rows in announced.items()}
        self.announced_at = {paper: min(r["announced_at"] for r in rows) for paper, rows in announced.items() if rows}
        self.announcements = [row for row in chain(*announced.values()) if row["day"] == issue["day"]]
        self.others = self.better_counts()
        papers = {**export.rows["mention"], **export.rows["measurement"]}
        self.measured = {paper: ages for paper in papers if (ages := self.measurements(paper))}
        mentions = {(row["post"], paper) for paper in self.measured for row in self.rows("mention", paper)}
        self.papers_of_post = Counter(post for post, _ in mentions)

    def visible_rows(self, kind, about):
        rows = [row for row in self.export.rows[kind].get(about, ()) if row["observed_at"] <= self.as_of]
        return [row for row in rows if row["since"] <= self.position < row["closed"]]

    def all(self, kind):
        return [(about, self.rows(kind, about)) for about in self.export.rows[kind]]

    def judge(self):
        judged = defaultdict(set)  # judgment, by whom -> voice or post, paper
        for subject, rows in self.all("verdict"):
            for verdict in current(rows, "about", "rule"):
                rule = verdict["rule"]
                for by in ("any", "timed" if rule in TIMED else "other", "" if rule == "operator" else "rules", rule):
                    judged[verdict["judgement"], by].add((self.voice(subject), verdict["about"]))
        bots = judged["bot", "timed"] - judged["human", "proved"] | judged["bot", "other"]
        self.bots = {voice for voice, about in bots - judged["human", "operator"] if not about}
        self.doubtful = judged["doubtful", "any"] - judged["sound", "operator"]
        self.authors = judged["author", "rules"] - judged["independent", "operator"] | judged["author", "operator"]
        month, week, known = self.as_of - 30 * DAY, self.as_of - 7 * DAY, self.export.known_from.items()
        known = {a for a, (n, *at) in known if n <= self.position and at[0] <= month and max(at) <= week}
        self.standing = set(map(self.voice, known)) if len(known) >= ENOUGH and self.ranking == "rarity/2" else None

    def reports(self, network, reason, until=MOST):
        rows = [row for row in self.rows("coverage", network) if row["from_at"] == row["until_at"]]
        return [row["observed_at"] for row in rows if row["reason"] == reason and row["observed_at"] <= until] or [0]

    def measurements(self, paper):
        """When a paper is measured: age, moment, from when on posts count; the last is what an issue prints."""
        at, measured = self.announced_at.get(paper), []
        if at is not None and self.as_of - 90 * DAY < at <= self.as_of:
            measured = [(age, at + age * HOUR, 0) for age in AGES if at + age * HOUR <= self.as_of]
            measured += [(self.ages[0], self.as_of, 0)] if at + self.ages[0] * HOUR > self.as_of else []
        if self.window in ("weekly", "monthly") and (at is None or not self.from_at < at <= self.as_of):
            posts = chain(*(self.rows("post", row["post"]) for row in self.rows("mention", paper)))
            is_posted = any(self.from_at <= post["created_at"] < self.issue.get("until_at", MOST) for post in posts)
            measured += [(168, self.as_of, self.from_at)] if is_posted else []
        return measured

    def count(self, paper, age, moment, from_at):
        posts = list(self.counted_posts(paper, age, moment, from_at))
        homes = {}  # text or voice -> the network where it counts
        for post in sorted(posts, key=lambda p: (p["bot"], -p["likes"] - p["reposts"], p["network"])):
            homes.setdefault(post["text"], post["network"])
            homes.setdefault(post["voice"], post["network"])
        homes[0] = homes[""] = None  # too short a text, and nobody, are not compared
        authors, counts = {voice for voice, about in self.authors if about == paper}, {}
        for network in sorted({post["network"] for post in posts}):
            here = [post for post in posts if post["network"] == network]
            people = [post for post in here if not post["bot"]]
            at_home = [p for p in people if {homes[p["text"]], homes[p["voice"]]} <= {network, None}]
            counted = self.count_people(people, {post["voice"] for post in at_home}, authors)
            counts[network] = counted | {"bots": len(here) - len(people)}
        return counts

    def counts_of(self, paper, measurements):
        counts = {(paper, *m): self.count(paper, *m) for m in measurements}
        only_window = any(counts.values()) and not any(networks for key, networks in counts.items() if not key[3])
        for (_, age, moment, from_at), networks in counts.items():
            others = () if from_at or only_window else self.others[paper].values()
            here = [row for row in others if (row["age"], row["until_at"]) == (age, moment)]
            networks |= {row["network"]: self.counts_by_other(row) for row in here}
            names = sorted(networks, key=lambda name: ("collector" in networks[name], name))
            about = {"until": moment, "method": "", "age": age}
            counts[paper, age, moment, from_at] = {name: {**networks[name], "network": name, **about} for name in names}
        return counts

    def count_people(self, posts, voices, authors):
        named = voices.union(*(post["reacted"] for post in posts))
        counted = {name: min(sum(post[name] for post in posts), MOST) for name in COUNTS}
        counted["voices"] = min(len(named) + sum(sum(post["nameless"].values()) for post in posts), MOST)
        if self.ranking != "rarity/2":
            return counted | {"x": counted["voices"]}
        posts = [post for post in posts if not post["shared"]]
        for_this = voices.union(*(post["reacted"] for post in posts))
        x, counted_as = len(for_this), {"counted_as": "voices"}
        if self.standing is not None:
            known = len(for_this & self.standing - authors)
            counted |= {"known": known, "authors": len(named & authors)}
            x, counted_as = min(x, 2 * known), counted_as | {"known": known}
        for name in COUNTS:
            if (best := max((post["nameless"][name] for post in posts), default=0)) > x:
                x, counted_as = best, {"counted_as": name}
        return counted | {"x": x, "part": counted_as}

    def counted_posts(self, paper, age, moment, from_at):
        mentions = {row["post"]: row["observed_at"] for row in reversed(self.rows("mention", paper))}
        next_at = min((self.announced_at.get(paper, 0) + later * HOUR for later in AGES if later > age), default=MOST)
        for key, mentioned_at in mentions.items():
            back = self.back.get(key.partition(":")[0], 0)
            until = back if moment < back < next_at else moment
            post = last(self.rows("post", key), until)
            if not post or mentioned_at > until or post.get("gone") or post["network"] not in self.networks:
                continue
            voice = self.voice(post["account"])
            end = self.issue.get("until_at", MOST) if from_at else MOST if until == moment else moment + 1
            in_time = from_at <= post["created_at"] < end
            if in_time and voice not in self.own and (key, paper) not in self.doubtful:
                about = {"voice": voice, "bot": voice in self.bots, "network": post["network"], "text": post["text"]}
                about["shared"] = self.papers_of_post[key] > 1
                yield about | self.attention(key, until, moment)

    def attention(self, post, until, moment):
        snapshot = last(self.rows("snapshot", post), until) or {"observed_at": 0}
        numbers = {name: snapshot.get(name) or 0 for name in COUNTS} | {"reacted": set(), "nameless": {}}
        rows = [row for row in self.rows("reaction", post) if row["observed_at"] <= moment]
        for name, type_ in COUNTS.items():
            here = current([row for row in rows if row["type"] == type_], "account")
            reactors = {self.voice(row["account"]) for row in here if not row.get("withdrawn")}
            later = [row for row in here if row.get("withdrawn") and row["observed_at"] > snapshot["observed_at"]]
            withdrew = {self.voice(row["account"]) for row in later}
            numbers["nameless"][name] = max(numbers[name] - len(reactors | withdrew), 0)
            numbers["reacted"] |= reactors - self.bots - self.own
        return numbers

    def better_counts(self):
        best = defaultdict(dict)
        for paper, rows in self.all("measurement"):
            for row in current(rows, "source", "network", "age"):
                network, until, key = row["network"], row["until_at"], (row["network"], row["age"])
                if network in self.networks and self.as_of - 90 * DAY < until <= self.as_of:
                    start, spans = until - row["age"] * HOUR, self.read_in_full(network)
                    missed = until - start - sum(max(min(b, until) - max(a, start), 0) for a, b in spans)
                    if missed > GAP and row["unread"] < missed:
                        best[paper][key] = min(row, best[paper].get(key, row), key=itemgetter("unread", "source"))
        return best

    def counts_by_other(self, row):
        counted = {name: row[name] for name in ("voices", "reposts", "likes", "bots")} | {"collector": row["source"]}
        if row["known"] is not None or self.standing is not None:
            counted |= {"known": row["known"] or 0, "authors": row["authors"]}
        return counted | {"x": row["counted" if self.ranking == "rarity/2" else "voices"], "part": {}}

    def spans_read_in_full(self, network):
        return [(at, end) for at, end, row in self.stretches(network, 0, MOST) if row["state"] in ("complete", SHORT)]

    def in_fields(self, paper):
        categories = self.about[paper].get("categories") or [r["category"] for r in self.rows("announcement", paper)]
        return self.has_words(paper) and in_any(categories, self.publication["categories"])

    def has_words(self, paper):
        text, wanted = "{title}\n{abstract}".format_map(defaultdict(str, self.about[paper])), self.publication
        return (not wanted["include"] or has_any(text, wanted["include"])) and not has_any(text, wanted["exclude"])

    def announced(self):
        is_known = self.announcements or self.is_known_empty()
        return len({row["paper"] for row in self.announcements if self.is_counted(row)}) if is_known else None

    def is_counted(self, row):
        categories = (self.issue.get("counting") and self.about[row["paper"]].get("categories")) or [row["category"]]
        if row["type"] == "cross":
            categories = [name for name in categories if name.partition(".")[0] == row["category"].partition(".")[0]]
        is_wanted = self.issue.get("counting") != "words/1" or self.has_words(row["paper"])
        return is_wanted and in_any(categories, self.publication["categories"])

    def is_known_empty(self):
        day = date.fromisoformat(self.issue["day"])
        midnight = (day - date(1970, 1, 1)).days * DAY
        rows = [r for r in current(self.rows("coverage", "arxiv"), "from_at") if 0 <= r["from_at"] - midnight <= HOUR]
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

    def reading(self, network, start):
        stretches = [s for s in self.stretches(network, start, self.as_of) if s[2]["state"] != SHORT]
        rows, result = [row for _, _, row in stretches], {"state": "unknown", "reason": "not read", "since": None}
        has_gaps = "period" in self.issue
        if any("until_at" in row for row in rows):
            worst = max(rows, key=lambda row: STATES.index(row["state"]))  # the first of several
            since = None if worst["state"] == "complete" else worst["from_at"]
            result = {"state": worst["state"], "reason": worst.get("reason", ""), "since": since}
        elif max(self.reports(network, "read back")) > self.as_of - GAP:
            return {"state": "complete", "reason": "", "since": None} | ({"gaps": []} if has_gaps else {})
        rows = [row for row in self.rows("coverage", network) if row["from_at"] < row["until_at"]]
        read = [
            row["from_at"] for row in rows if row["state"] != "refused" and not row.get("reason", "").startswith(LOST)
        ]
        more = {"gaps": list(gaps_of(stretches))} | ({"began": min(read)} if read else {})
        return result | (more if has_gaps else {})

    def stretches(self, network, start, end):
        """How a network was read: from when until when, and the row of coverage that decides, or what stands for it."""
        rows = current(self.rows("coverage", network), "from_at")
        rows = [row for row in rows if max(row["from_at"], start) < min(row["until_at"], end)]
        edges = {min(max(row[name], start), end) for row in rows for name in ("from_at", "until_at")}
        waiting, here = sorted(rows, key=itemgetter("from_at"), reverse=True), []
        for at, until in pairwise(sorted({start, *edges, end})):
            while waiting and waiting[-1]["from_at"] <= at:
                row = waiting.pop()
                heappush(here, (-row["observed_at"], -STATES.index(row["state"]), row["from_at"], row))
            while here and here[0][3]["until_at"] <= at:
                heappop(here)
            none = {"state": "partial" if until - at > GAP else SHORT, "reason": "not read", "from_at": at}
            yield at, until, here[0][3] if here else none

    def references_of(self, counts):
        """What papers are compared with: by network and age, then archive, which papers had which x, announced when."""
        references = defaultdict(lambda: defaultdict(dict))
        for (paper, age, _, from_at), networks in counts.items():
            at, archive = self.announced_at.get(paper, MOST), archive_of(self.about[paper])
            for network, counted in networks.items():
                is_late = at < self.read_since[network] and "collector" not in counted
                if age in self.ages and at + age * HOUR <= self.as_of and not from_at and not is_late:
                    references[network, age][archive][paper] = counted["x"], at
        return references

    def peers(self, references):
        for (network, age), archives in sorted(references.items()):
            for archive, papers in sorted(archives.items()):
                counts = sorted(Counter(x for x, _ in papers.values() if x > 0 or age == 0).items())
                about = {"network": network, "age": age, "archive": archive, "days": self.days([papers])}
                yield from [about | {"counts": list(map(list, counts))}] if counts else []

    def days(self, archives):
        firsts = [min((at for x, at in papers.values() if x >= 3), default=None) for papers in archives]
        return max((max(-((first - self.as_of) // DAY), 1) for first in firsts if first is not None), default=0)

    def largest(self, peers):
        papers, days = Counter(), Counter()
        for peer in peers:
            key = peer["network"], peer["age"]
            papers[key] += sum(n for x, n in peer["counts"] if x >= 3)
            days[key] = max(days[key], peer["days"])
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
        archives, name, group = references.get((network, age), {}), archive, [archive]
        if re.fullmatch(PHYSICS, archive):
            name, group = "physics", [name for name in archives if re.fullmatch(PHYSICS, name)]
        for among, names in ((archive, [archive]), (f"{name} group", group), ("all", list(archives))):
            part["among"], chosen = among, [archives[name] for name in names if name in archives]
            others = [n for papers in chosen for p, (n, _) in papers.items() if n >= (3 if age else 0) and p != paper]
            if len(others) >= 500:
                break
        at_least = sum(n >= x for n in others)
        ratio = decimal.Decimal(len(others) + 1) / decimal.Decimal(at_least + 1)
        points = int((ratio.log10() * 1000).to_integral_value(decimal.ROUND_HALF_EVEN)) if x >= 3 else 0
        own = next((papers[paper][0] for papers in archives.values() if paper in papers), None)
        part |= {"papers": len(others), "atleast": at_least, "own": own, "days": self.days(chosen)}
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

    def rebuild(self):
        if self.window == "listing":
            return self.rebuild_listing()
        counts = {paper: self.counts_of(paper, measurements) for paper, measurements in self.measured.items()}
        references, (listed, lines) = self.references_of(ChainMap(*counts.values())), self.earlier()
        considered, candidates, read = 0, [], set()
        for paper, by_measurement in counts.items():
            (*_, from_at), networks = list(by_measurement.items())[-1]
            is_new = self.from_at < self.announced_at.get(paper, 0) <= self.issue.get("until_at", MOST)
            if (any(by_measurement.values()) and (is_new or paper in listed)) or (from_at and networks):
                considered += is_new or self.window != "daily"
                read |= networks.keys()
                is_left_out = self.issue.get("choice") in ("least/2", "least/3") and self.about[paper].get("withdrawn")
                if self.in_fields(paper) and not is_left_out:
                    at = self.announced_at[paper] if any(n for (*_, x), n in by_measurement.items() if not x) else 0
                    candidates.append(self.scored(references, paper, networks, archive_of(self.about[paper]), at))
        peers = list(self.peers(references))
        about = {"announced": self.announced(), "considered": considered, "compared": self.largest(peers)}
        *lanes, ongoing = self.chosen(self.places(candidates), listed, lines, about["compared"]["young"])
        entries = [*lanes[0], *lanes[1]]
        counted, start = read.union(peer["network"] for peer in peers), self.read_from(entries)
        about |= {"read_from": start, "readings": self.readings(counted, start), "peers": peers}
        return {**about, **self.split(*lanes), "ongoing": self.places(ongoing)}

    def split(self, entries, lines=()):
        listed, most = self.places([*entries, *lines]), self.publication.get("most_entries")
        shown = min(most or len(entries), len(entries))
        return {"entries": listed[:shown]} | ({"further": listed[shown:]} if most or lines else {})

    def rebuild_listing(self):
        references, entries = defaultdict(lambda: defaultdict(dict)), []
        for paper, rows in self.all("tally"):
            row, archive = rows[-1] if rows else {"observed_at": 0}, archive_of(self.about[paper])
            if row["observed_at"] > self.as_of - 90 * DAY and row["reposts"] + row["likes"] >= 50:
                references[row["network"], 0][archive][paper] = row["likes"], row["observed_at"]
        name, day = self.publication["publication"], self.issue["day"]
        listing = [row for row in self.rows("listing", name) if row["day"] == day][-1]
        rows = [row for row in self.rows("place", name) if (row["day"], row["file"]) == (day, listing["file"])]
        for place in sorted(current(rows, "place"), key=itemgetter("place")):
            tallies = [t for t in self.rows("tally", place["paper"]) if t["network"] == place["network"]]
            tally = last([t for t in tallies if t["method"] == place["method"]], place["observed_at"])
            counted = {name: tally[name] for name in ("network", "method", "reposts", "likes")} | {"bots": 0, "age": 0}
            counted |= {"voices": tally["likes"], "x": tally["likes"], "until": tally["observed_at"]}
            paper, archive = place["paper"], archive_of(self.about[place["paper"]]) or archive_of(place)
            entries.append(self.scored(references, paper, {place["network"]: counted}, archive, 0, place["place"]))
        about = {"ongoing": [], "considered": len(entries), "announced": None, "readings": []}
        return {**about, **self.split(entries), "peers": list(self.peers(references))}

    def earlier(self):
        """The voices of papers listed earlier, and the papers that were in lines for lack of regulars."""
        earlier, voices, lines = {(e["day"], e["edition"]) for e in self.issue["earlier"]}, {}, set()
        issues = [json.loads(row["content"]) for row in self.export.rows["issue"][self.publication["publication"]]]
        for issue in sorted((i for i in issues if (i["day"], i["edition"]) in earlier), key=itemgetter("day")):
            least = max(issue["publication"]["threshold"], 1) if issue.get("choice") == "least/3" else -MOST
            below = {entry["paper"] for entry in issue.get("further", []) if entry["score"] < least}
            listed = issue["entries"] + issue.get("further", []) + issue["ongoing"]
            voices |= {entry["paper"]: entry["voices"] for entry in listed if entry["paper"] not in below}
            lines |= below
        return voices, lines

    def chosen(self, candidates, listed, lines, is_young):
        """The entries, the lines for lack of regulars, and the papers still talked about."""
        choice, least = self.issue.get("choice"), max(self.publication["threshold"], 1)
        new = [entry for entry in candidates if entry["paper"] not in listed]
        entries = [entry for entry in new if entry["score"] >= least]
        few = {e["paper"] for e in new if choice == "least/3" and self.has_few_regulars(e)}
        more = [e for e in new if e["score"] < least and e["voices"] >= 3 and e["paper"] not in few & lines]
        is_filled = choice in ("least/1", "least/2", "least/3") and is_young and self.ranking != "classic/1"
        more = more[: max(self.publication.get("least_entries", 0) - len(entries), 0)] if is_filled else []
        entries += [entry for entry in more if entry["paper"] not in few]
        lines = [entry for entry in more if entry["paper"] in few]
        old = [entry for entry in candidates if entry["score"] >= least and entry["paper"] in listed]
        return entries, lines, [entry for entry in old if entry["voices"] >= listed[entry["paper"]] + 3][:5]

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


def archive_of(paper):
    return (paper.get("categories") or [""])[0].partition(".")[0]


def in_any(categories, fields):
    return not fields or any(name in fields or name.partition(".")[0] in fields for name in categories)


def has_any(text, words):
    patterns = [r"\s+".join(map(re.escape, word.casefold().split())) for word in words]
    return any(re.search(rf"(?<!\w){pattern}(?!\w)", text.casefold()) for pattern in patterns if pattern)


def is_holiday(day):
    near = [day, day + timedelta({0: -1, 4: 1}.get(day.weekday(), 0))]  # that of a weekend is on the weekday beside it
    is_fixed = any((d.month, d.day) in FIXED and d.year == day.year for d in near)
    by_rule = is_fixed or (day.month, day.weekday(), (day.day + 6) // 7) in MOVING
    return by_rule if day.year > 2026 else f"{day:%y%m%d}" in HOLIDAYS


def names_of(account, secret):
    """An account, and the pseudonyms that it has if it was forgotten, up to 20 times."""
    yield account
    for text in [account, *(f"{account}\n{n}" for n in range(1, 20))]:
        digest = hashlib.blake2b(text.encode(), digest_size=16, key=secret, person=b"own").hexdigest()
        yield f"{account.partition(':')[0]}:~{digest}"


def differences(frozen, rebuilt, path=""):
    if isinstance(frozen, dict) and isinstance(rebuilt, dict):
        for name in sorted((frozen.keys() - NOT_REBUILT) | (rebuilt.keys() & NOT_ALWAYS)):
            yield from differences(frozen.get(name), rebuilt.get(name), f"{path} {name}")
    elif isinstance(frozen, list) and isinstance(rebuilt, list) and len(frozen) == len(rebuilt):
        for left, right in zip(frozen, rebuilt, strict=True):
            names = [left.get(name) for name in ("paper", "network", "age")] if isinstance(left, dict) else []
            yield from differences(left, right, " ".join([path, *(str(name) for name in names if name)]))
    elif frozen != rebuilt:
        left, right = (text if len(text) < 200 else f"{text[:200]}…" for text in map(json.dumps, (frozen, rebuilt)))
        yield f"  {path.strip()}: {left} is frozen, {right} rebuilt"


def main(file):
    with open(file, encoding="utf-8") as lines:
        export = Export(lines)
    issues, wrong = [json.loads(row["content"]) for rows in export.rows["issue"].values() for row in rows], 0
    for issue in issues:
        name, rebuilt = issue["publication"]["publication"], Issue(export, issue).rebuild()
        if lines := list(differences({name: issue[name] for name in rebuilt if name in issue}, rebuilt)):
            wrong += 1
            print(f"{name} {issue['day']}, edition {issue['edition']}:", *lines, sep="\n")
    print(f"{len(issues) - wrong} of {len(issues)} issues equal")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
