"""Rows of an export, whose voices count, and counts, by docs/reference/rebuilding.md. Part of rebuild.py."""

import hashlib
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from functools import cache
from heapq import heappop, heappush
from itertools import chain, pairwise
from operator import itemgetter
from unicodedata import ucd_3_2_0 as unicode

from rebuild_quotes import sha
from rebuild_rest import archive_of, is_of_day, is_on, servers_of, vouching_once

HOUR, MOST, ENOUGH, TIMED = 3_600_000_000, 2**53 - 1, 100, ("rate", "share", "template")
DAY, GAP = 24 * HOUR, 90 * HOUR // 60
AGES, COUNTS, STATES = (6, 24, 72, 168), {"reposts": "repost", "likes": "like"}, ("complete", "partial", "refused")
NETWORKS, SHORT = ("bluesky", "mastodon", "hackernews", "lobsters", "reddit", "x", "huggingface", "feeds"), "short gap"
KINDS = dict.fromkeys(("paper", "announcement", "mention", "tally", "measurement", "notice"), "paper")
KINDS |= {**dict.fromkeys(("listing", "place", "shown", "issue"), "publication"), "post": "post", "snapshot": "post"}
KINDS |= {"reaction": "post", "alias": "account", "verdict": "subject", "coverage": "network"}  # what rows are about


class Export:  # all rows by kind and what they are about, by moment; and which accounts were active when
    def __init__(self, lines):
        self.rows = {kind: defaultdict(list) for kind in KINDS}
        self.papers_of_post, self.account_of_post = defaultdict(set), {}
        self.chains, self.commitments, self.sources = {0: ""}, {}, {}
        self.first_papers, self.known_from = defaultdict(dict), {}  # account -> paper -> moment; batch, three moments
        self.secret, position, batch = b"", 0, []
        for item in map(json.loads, lines):
            if item["kind"] == "header":
                assert item["full"], "issues can be rebuilt only from a full export"
                self.secret = bytes.fromhex(item["secret"])
            elif item["kind"] == "batch":
                self.find_activities(batch)
                position, batch = item["position"], []
                self.chains[position], self.sources[position] = item["chain"], item["source"]
            elif item["kind"] == "identity":
                salt = bytes.fromhex(item.get("salt") or "")
                self.commitments[item["key"]] = item.get("commitment") or sha(salt + item["key"].encode())
            elif item["kind"] in KINDS:
                row = item.pop("row", {})
                beside = {"since": position, "closed": row.get("until") or MOST, "item": item, "row": row}
                batch.append(item | beside)
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


def names_of(account, secret):
    """An account, and the pseudonyms that it has if it was forgotten, up to 20 times."""
    yield account
    for text in [account, *(f"{account}\n{n}" for n in range(1, 20))]:
        digest = hashlib.blake2b(text.encode(), digest_size=16, key=secret, person=b"own").hexdigest()
        yield f"{account.partition(':')[0]}:~{digest}"


class Counts:  # of an issue, from the rows of an export that were open at its position, and observed by its cut
    def __init__(self, export, issue):
        self.export, self.issue, self.publication, self.ranking = export, issue, issue["publication"], issue["ranking"]
        self.as_of, self.position, self.from_at = issue["as_of"], issue["position"], issue["from_at"]
        self.rows, self.read_in_full = cache(self.visible_rows), cache(self.spans_read_in_full)
        self.frozen = {e["paper"]: e["posts"] for name in ("entries", "ongoing") for e in issue[name]}
        self.has_days, self.vouches_once = "choice" in issue, issue.get("choice") in ("least/4", "least/5")
        self.window, self.networks = self.publication["window"], self.publication["networks"] or NETWORKS
        alias = {account: rows[-1]["stable"] for account, rows in self.all("alias") if rows}
        self.voice = lambda account: alias.get(account, account)
        own = {name for account in self.publication["own"] for name in names_of(account, export.secret)}
        self.own = own | set(map(self.voice, own))
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
        self.announcements = [row for row in chain(*announced.values()) if is_of_day(row, issue["day"])]
        self.others = self.better_counts()
        servers = servers_of(self.publication["categories"])
        papers = {**export.rows["mention"], **export.rows["measurement"]}
        measured = {paper: ages for paper in papers if (ages := self.measurements(paper))}
        mentions = {(row["post"], paper) for paper in measured for row in self.rows("mention", paper)}
        self.measured = {p: ages for p, ages in measured.items() if is_on(p, archive_of(self.about[p]), servers)}
        self.papers_of_post = Counter(post for post, _ in mentions)

    def visible_rows(self, kind, about):
        return [row for row in self.open_rows(kind, about) if row["observed_at"] <= self.as_of]

    def open_rows(self, kind, about):  # also those observed after the cut
        return [row for row in self.export.rows[kind].get(about, ()) if row["since"] <= self.position < row["closed"]]

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
        self.hidden = {subject for subject, _ in judged["hidden", "any"]}
        self.doubtful = judged["doubtful", "any"] - judged["sound", "operator"]
        self.authors = judged["author", "rules"] - judged["independent", "operator"] | judged["author", "operator"]
        month, week, known = self.as_of - 30 * DAY, self.as_of - 7 * DAY, self.export.known_from.items()
        known = {a for a, (n, *at) in known if n <= self.position and at[0] <= month and max(at) <= week}
        self.known = known if len(known) >= ENOUGH else None
        self.standing = set(map(self.voice, known)) if self.known and self.ranking == "rarity/2" else None

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
        networks = sorted({post["network"] for post in posts})
        people, named, for_this = {}, {}, {}
        for network in networks:
            people[network] = [post for post in posts if post["network"] == network and not post["bot"]]
            at_home = [p for p in people[network] if {homes[p["text"]], homes[p["voice"]]} <= {network, None}]
            named[network] = {post["voice"] for post in at_home}
            unshared = [post["reacted"] for post in people[network] if not post["shared"]]
            for_this[network] = named[network].union(*unshared)
        authors = {voice for voice, about in self.authors if about == paper}
        vouching = vouching_once(for_this, homes) if self.vouches_once else for_this
        bots = Counter(post["network"] for post in posts if post["bot"])
        counts = {n: self.count_people(people[n], named[n], for_this[n], vouching[n], authors) for n in networks}
        return {network: counted | {"bots": bots[network]} for network, counted in counts.items()}

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

    def count_people(self, posts, voices, for_this, vouching, authors):
        named = voices.union(*(post["reacted"] for post in posts))
        counted = {name: min(sum(post[name] for post in posts), MOST) for name in COUNTS}
        counted["voices"] = min(len(named) + sum(sum(post["nameless"].values()) for post in posts), MOST)
        if self.ranking != "rarity/2":
            return counted | {"x": counted["voices"]}
        posts = [post for post in posts if not post["shared"]]
        x, counted_as = len(for_this), {"counted_as": "voices"}
        if self.standing is not None:
            known = len(vouching & self.standing - authors)
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
