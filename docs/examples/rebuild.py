"""Rebuilds every issue of a full export from its rows, by docs/reference/rebuilding.md. Needs only Python, and the
other rebuild_….py beside it."""

import json
import sys
from collections import ChainMap, Counter, defaultdict
from datetime import date, timedelta
from itertools import chain
from operator import itemgetter

from rebuild_counts import AGES, COUNTS, DAY, GAP, HOUR, MOST, Export, current, last
from rebuild_places import REGULARS, Places
from rebuild_quotes import canonical, chosen, row_hash, sha
from rebuild_rest import EARLY, FINAL, Forecasts, Prices, archive_of

COUNT = ("network", "voices", "reposts", "likes", "until", "method", "bots", "known", "authors", "collector")
ENTRY = ("place", "paper", "score", "voices", "tied", "classic_rank", "announced_at", "parts", "archive", "order")
ENTRY += ("metadata", "posts", "price", "forecasts")
SURVIVORS = "import:bluesky"
GIVEN = ("format", "publication", "day", "edition", "from_at", "as_of", "until_at", "position", "ranking", "replaces")
TAKING_BACK = ("retraction", "withdrawal", "removal")
GIVEN += ("reason", "choice", "quoting", "counting", "period")  # by settings, clock and the version of the program


class Issue(Places):  # the whole content
    def rebuild(self):
        if self.window == "listing":
            return self.rebuild_listing()
        counts = {paper: self.counts_of(paper, measurements) for paper, measurements in self.measured.items()}
        references, (listed, lines) = self.references_of(ChainMap(*counts.values())), self.earlier()
        considered, candidates, read, knows = 0, [], set(), False
        for paper, by_measurement in counts.items():
            (*_, from_at), networks = list(by_measurement.items())[-1]
            is_new = self.from_at < self.announced_at.get(paper, 0) <= self.issue.get("until_at", MOST)
            if (any(by_measurement.values()) and (is_new or paper in listed)) or (from_at and networks):
                considered += is_new or self.window != "daily"
                read |= networks.keys()
                knows |= any("known" in counted for counted in networks.values())
                if self.in_fields(paper) and not self.is_left_out(paper):
                    at = self.announced_at[paper] if any(n for (*_, x), n in by_measurement.items() if not x) else 0
                    candidates.append(self.scored(references, paper, networks, archive_of(self.about[paper]), at))
        peers = list(self.peers(references))
        about, compared = {"announced": self.announced(), "considered": considered, "peers": peers}, self.largest(peers)
        candidates = self.places(candidates)
        entries, lines, ongoing = self.chosen(candidates, listed, lines, compared["young"])
        networks, start = read.union(peer["network"] for peer in peers), self.read_from([*entries, *lines])
        about |= {"readings": self.readings(networks, start), "earlier": self.earlier_issues()}
        about |= {"read_from": start} if "period" in self.issue else {}
        about |= {"servers": servers} if (servers := self.servers()) else {}
        about |= {"announced_on": self.announced_on()} if "announced_on" in self.issue else {}
        about |= {"compared": compared} if self.has_days and self.ranking != "classic/1" else {}
        about |= self.witnessed([entry for entry in candidates if entry in entries + lines or self.is_passing(entry)])
        prices, all_counts = Prices(peers, self.ages, knows), ChainMap(*counts.values())
        about |= self.split(entries, lines) | {"ongoing": self.places(ongoing)}
        shown = [entry["paper"] for entry in about["entries"] + ongoing]
        forecasts = self.forecasts(all_counts, shown) if self.window == "daily" else {}
        for entry in [*about["entries"], *about.get("further", []), *ongoing]:
            paper, rows = entry["paper"], self.rows("paper", entry["paper"])
            entry["metadata"] = self.hash_of(rows[-1]) if rows else ""
            entry["posts"] = self.quoted(paper) if paper in shown else []
            if self.ranking == "rarity/2":
                entry["price"] = prices.price(entry["score"], entry["archive"], self.least_price(entry))
                entry |= {"forecasts": forecasts.get(paper, [])} if self.window == "daily" else {}
        if self.publication["publication"].endswith("@history"):
            about["retrospective"] = self.retrospective(shown, networks, about["readings"])
        return self.printed(about)

    def is_left_out(self, paper):
        choice = self.issue.get("choice")
        notices = current(self.rows("notice", paper), "notice", "type") if choice == "least/5" else ()
        if any(notice["day"] and notice["type"] in TAKING_BACK for notice in notices):
            return True
        return choice in ("least/2", *REGULARS) and self.about[paper].get("withdrawn")

    def printed(self, about):
        """The whole content of the issue, from what was rebuilt and what its settings and the clock say."""
        given = {name: self.issue[name] for name in GIVEN if name in self.issue}
        lanes = {name: about[name] for name in ("entries", "further", "ongoing") if name in about}
        lanes = {name: [printed_entry(entry) for entry in entries] for name, entries in lanes.items()}
        return {**given, **about, **lanes, "chain": self.export.chains[self.position]}

    def hash_of(self, row):
        return row_hash(row["item"], row["row"], self.export.commitments)

    def least_price(self, entry):
        known = sum(count.get("known", 0) for count in entry["counts"])
        choice = self.issue.get("choice")
        least = {"least/3": 3, "least/4": 1, "least/5": 1}.get(choice, 0)
        return {"accounts": least, "known": 2 if choice in REGULARS and known >= 2 else 0}

    def quoted(self, paper):
        """The hashes of the posts that an entry quotes."""
        start, end = 0 if self.window == "daily" else self.from_at, self.issue.get("until_at", MOST + 1)
        posts = {}
        for key in {row["post"] for row in self.rows("mention", paper)}:
            post, numbers = last(self.rows("post", key), MOST), last(self.rows("snapshot", key), MOST) or {}
            if not post or post["gone"] or post["limits"] or post["network"] not in self.networks:
                continue
            voice = self.voice(post["account"])
            is_left_out = {voice, key} & self.hidden or voice in self.bots | self.own or (key, paper) in self.doubtful
            if start <= post["created_at"] < end and not is_left_out:
                numbers = sum(numbers.get(name) or 0 for name in COUNTS)
                about = {"item": post["item"], "row": post["row"], "text": post["text"], "voice": voice}
                posts[self.hash_of(post)] = about | {"weight": numbers}
        names = chosen(self.issue.get("quoting"), posts, self.about[paper], self.frozen.get(paper, []))
        return names[: self.publication["posts"]]

    def witnessed(self, entries):
        """How many of the counts others made too who had read the network in full, and how many of those agree."""
        sources, agree = set(), []
        for entry in entries:
            rows = current(self.rows("measurement", entry["paper"]), "source", "network", "age")
            for count in entry["counts"]:
                here = [r for r in rows if (r["network"], r["until_at"]) == (count["network"], count["until"])]
                here = [r for r in here if r["unread"] <= GAP and r["source"] != count.get("collector")]
                sources |= {row["source"] for row in here}
                close = [abs(r["voices"] - count["voices"]) for r in here]
                limits = [max(2, max(r["voices"], count["voices"]) // 10) for r in here]
                agree += [all(n <= limit for n, limit in zip(close, limits, strict=True))] if here else []
        witnessed = {"collectors": sorted(sources), "counts": len(agree), "close": sum(agree)}
        return {"witnessed": witnessed} if agree else {}

    def retrospective(self, shown, networks, readings):
        """What was not known at the cut of an issue that was made later."""
        recent = {paper for paper, at in self.announced_at.items() if self.from_at < at <= self.as_of}
        names = chain(*({(row["post"], paper) for row in self.open_rows("mention", paper)} for paper in recent))
        known, times = defaultdict(bool), Counter()
        for post, paper in names:
            rows = [row for row in self.open_rows("post", post) if row["created_at"] <= self.as_of and not row["gone"]]
            if any(row["network"] in self.networks for row in rows):
                is_mentioned = any(row["post"] == post for row in self.rows("mention", paper))
                known[post] |= is_mentioned and bool(self.rows("post", post))
        for post, is_known in known.items():
            then, later = self.rows("snapshot", post), self.open_rows("snapshot", post)
            state = "then" if then else "later" if later else "named" if self.open_rows("reaction", post) else "never"
            times[is_known, state] += 1
        since = min(self.from_at, self.as_of - 90 * DAY)
        announced = [row for row in chain(*(rows for _, rows in self.all("announcement"))) if row["type"] == "inferred"]
        inferred = len({row["paper"] for row in announced if since < row["announced_at"] <= self.as_of})
        networks = networks | {row["network"] for row in readings if row["state"] != "unknown"}
        left = [p for p in known if any(self.export.sources[r["since"]] == SURVIVORS for r in self.rows("post", p))]
        survivors = sum(known[post] for post in left)
        return {
            "posts": sum(known.values()),
            "posts_later": len(known) - sum(known.values()),
            "counts_later": times[True, "later"],
            "counts_missing": times[True, "never"],
            "described_later": sum(not self.rows("paper", p) and bool(self.open_rows("paper", p)) for p in shown),
            "absent": sorted(set(self.networks) - networks),
            "bots": len(self.bots),
            "known": None if self.known is None else len(self.known),
        } | {name: n for name, n in (("inferred", inferred), ("survivors", survivors)) if n}

    def forecasts(self, counts, papers):
        """For each of some papers, what is expected on networks after a week."""
        voices, curves = defaultdict(dict), []
        for paper, archive, at, network, counted in self.comparable(counts):
            voices[network, paper, archive, at][counted["age"]] = counted["voices"]
        for (network, _, archive, at), here in voices.items():
            ages = [age for age in EARLY if age in here and FINAL in here]
            curves += [(network, age, archive, at // DAY, here[age], here[FINAL]) for age in ages]
        table, by_paper = Forecasts(curves), {paper: [] for paper in papers}
        for (network, paper, archive, at), here in sorted(voices.items()):
            age = max((age for age in AGES if at + age * HOUR <= self.as_of), default=0)
            if paper in by_paper and age in EARLY and age in here:
                by_paper[paper].append(table.forecast(network, age, archive, here[age]))
        return by_paper

    def rebuild_listing(self):
        references, entries = defaultdict(lambda: defaultdict(dict)), []
        name, day = self.publication["publication"], self.issue["day"]
        for paper, rows in self.all("tally"):
            own = [r for r in rows if r["method"].startswith(f"{name}/") and r["network"] in self.networks]
            own.sort(key=itemgetter("observed_at", "method"))
            for row in {row["network"]: row for row in own}.values():
                if row["observed_at"] > self.as_of - 90 * DAY and row["reposts"] + row["likes"] >= 50:
                    archive = archive_of(self.about[paper])
                    references[row["network"], 0][archive][paper] = row["likes"], row["observed_at"]
        listing = [row for row in self.rows("listing", name) if row["day"] == day][-1]
        rows = [row for row in self.rows("place", name) if (row["day"], row["file"]) == (day, listing["file"])]
        for place in sorted(current(rows, "place"), key=itemgetter("place")):
            tallies = [t for t in self.rows("tally", place["paper"]) if t["network"] == place["network"]]
            tally = last([t for t in tallies if t["method"] == place["method"]], place["observed_at"])
            counted = {name: tally[name] for name in ("network", "method", "reposts", "likes")} | {"bots": 0, "age": 0}
            counted |= {"voices": tally["likes"], "x": tally["likes"], "until": tally["observed_at"]}
            paper, compared = place["paper"], references[place["network"], 0].values()
            is_compared = any(paper in papers for papers in compared)
            archive = archive_of(self.about[paper] if is_compared else place)
            entries.append(self.scored(references, paper, {place["network"]: counted}, archive, 0, place["place"]))
            entries[-1] |= {"metadata": self.hash_of(place), "posts": list(self.posts_shown(place))}
        about = {"ongoing": [], "considered": len(entries), "announced": None, "readings": [], "earlier": []}
        return self.printed({**about, "entries": self.places(entries), "peers": list(self.peers(references))})

    def posts_shown(self, place):
        """The posts that a listing has under a place, since it was last read."""
        rows = [row for row in self.rows("shown", place["publication"]) if not row["edition"]]
        rows = [row for row in rows if (row["day"], row["place"]) == (place["day"], place["place"])]
        for shown in sorted(current(rows, "n"), key=itemgetter("n")):
            for post in self.rows("post", shown["post"]):
                if place["observed_at"] <= post["observed_at"] == shown["observed_at"]:
                    yield self.hash_of(post)

    def earlier_issues(self):
        """The latest editions of the 14 days before that were made by then."""
        rows = self.open_rows("issue", self.publication["publication"]) if self.window == "daily" else []
        first = str(date.fromisoformat(self.issue["day"]) - timedelta(14))
        rows = [row for row in rows if first <= row["day"] < self.issue["day"]]
        latest = {row["day"]: row for row in sorted(rows, key=itemgetter("day", "edition"))}
        daily = [r for r in latest.values() if json.loads(r["content"])["publication"]["window"] == "daily"]
        return [{name: row[name] for name in ("day", "edition", "digest")} for row in daily]


def printed_entry(entry):
    counts = [{name: count[name] for name in COUNT if name in count} for count in entry["counts"]]
    return {name: entry[name] for name in ENTRY if name in entry} | {"counts": counts}


def differences(frozen, rebuilt, path=""):
    if isinstance(frozen, dict) and isinstance(rebuilt, dict):
        for name in sorted(frozen.keys() | rebuilt.keys()):
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
    rows, wrong = list(chain(*export.rows["issue"].values())), 0
    for row in rows:
        issue = json.loads(row["content"])
        rebuilt = Issue(export, issue).rebuild()
        if sha(canonical(rebuilt)) != row["digest"]:
            wrong += 1
            head = f"{issue['publication']['publication']} {issue['day']}, edition {issue['edition']}:"
            print(head, *differences(issue, rebuilt), sep="\n")
    print(f"{len(rows) - wrong} of {len(rows)} digests equal")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
