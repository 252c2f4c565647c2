"""The ten sites."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from hotpapers.base import settings
from hotpapers.base.model import DAY, HOUR
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.papers import POPULAR, RELATED, SHARES, Subjects
from tests.loopback.preprints import PreprintReaders
from tests.loopback.script import MINUTE, EmptyScript
from tests.loopback.settings import source_tables
from tests.loopback.world import World
from tests.seeds import seed_of
from tests.sites.calendars import END, HISTORY, START, Period, Site, Story
from tests.years.fault_plan import Span

CHATTER = 55
"""Seconds between irrelevant messages on Bluesky: see `tests.years`."""
FREE = ("arxiv", "bluesky", "hackernews", "huggingface", "lobsters", "mastodon")
"""The networks that need no key."""
PAGES = {"site 4": "https://all.example/"}
LANGUAGE = Subjects(
    {"cs": 520, "stat": 120, "eess": 90, "math": 90, "q-bio": 60, "physics": 60, "cond-mat": 60},
    {**POPULAR, "cs": ("cs.CL", "cs.LG", "cs.CV", "cs.AI", "cs.RO", "cs.HC"),
     "stat": ("stat.ML", "stat.ME", "stat.AP")},
    {**RELATED, "cs": ("stat.ML", "eess.AS", "q-bio.NC", "math.OC"), "stat": ("cs.LG", "cs.CL", "math.ST")},
)  # fmt: skip
"""Papers in computer science and around it."""
SKY = Subjects(
    {"astro-ph": 420, "gr-qc": 150, "hep-ph": 90, "hep-th": 90, "physics": 90, "cs": 160},
    {**POPULAR, "astro-ph": ("astro-ph.GA", "astro-ph.CO", "astro-ph.HE", "astro-ph.SR")},
    {**RELATED, "astro-ph": ("gr-qc", "hep-ph", "physics.space-ph"), "gr-qc": ("astro-ph.HE", "hep-th", "astro-ph.GA")},
)
"""Papers on the sky."""
NUMBERS = Subjects({**SHARES, "math": 400})
"""Papers with much mathematics."""
LIFE = Subjects({**SHARES, "q-bio": 75}, POPULAR, {**RELATED, "q-bio": ("cs.LG", "stat.AP", "physics.bio-ph")})
"""Papers of which three a day are on life."""

CHEMISTRY = Subjects(
    {"physics": 400, "cond-mat": 150, "quant-ph": 90, "cs": 160, "q-bio": 60},
    {**POPULAR, "physics": ("physics.chem-ph", "physics.comp-ph", "physics.bio-ph")},
    {**RELATED, "cond-mat": ("physics.chem-ph", "quant-ph"), "cs": ("stat.ML", "physics.chem-ph")},
)
"""Papers in chemistry and around it."""

HEAD = 'store = "$store"\ncontact = "https://library.example/"\n'
MAILING = """
[mailing]
relay = "127.0.0.1"
port = $port
address = "papers@owls.example"
base = "https://papers.example/"
pace = 60000
"""


def at(day: int, time: str) -> int:
    """A time of day, UTC, so many days after the first."""
    return moment(f"2026-03-16T{time}") + day * DAY


def sources(networks: Sequence[str], changes: dict[str, str] | None = None) -> str:
    """The tables of these networks."""
    tables = source_tables(DirectClient(EmptyScript(), SteppedClock(0)).bases)
    text = "".join(tables[network] for network in networks)
    for old, new in (changes or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    return text.replace("$", "$$")


def world(seed: int, papers: int, subjects: Subjects, post_rate: float = 1.0) -> World:
    """What happens on the networks of a site."""
    return World(seed_of(seed), HISTORY, papers=papers, chatter=CHATTER, subjects=subjects, post_rate=post_rate)


def preprint_world(seed: int, papers: int, subjects: Subjects, servers: tuple[str, ...], share: float) -> Story:
    """The same, but people talk about papers of other servers, too."""
    return PreprintReaders(world(seed, papers, subjects), servers, share, titled=True)


def group() -> Site:
    """1: on a laptop that is closed at night, for a weekend and for four days."""
    text = f"""{HEAD}
[[publication]]
name = "cl"
title = "What our group reads"
categories = ["cs.CL"]
hour = 8
zone = "Europe/Berlin"
[publish]
base = "https://group.example/"
{MAILING}
[[webhook]]
name = "lab"
publication = "cl"
url = "http://lab.example/hook"
secret = "0123456789abcdef"
""" + sources(FREE)
    nights = {day: Span(at(day, "18:00"), at(day + 1, "06:30")) for day in range(21)}
    closed = [Span(at(4, "18:00"), at(7, "06:30")), Span(at(7, "18:00"), at(11, "16:00"))]
    nights = {day: span for day, span in nights.items() if not 4 <= day < 7 and not 7 <= day < 11}
    suspended = sorted([*nights.values(), *closed])
    restart = at(15, "12:00")
    periods = (
        Period(START + 10 * MINUTE, restart, text, tuple(span for span in suspended if span.end < restart)),
        Period(restart + 20 * MINUTE, END, text, tuple(span for span in suspended if restart < span.start < END - DAY)),
    )
    return Site("1-group", "a group on a laptop", partial(world, 1, 30, LANGUAGE), periods, 9, "https://group.example/")


def sky() -> Site:
    """2: hour and zone change twice, a weekly comes, the title changes."""

    def text(hour: int, zone: str, title: str, more: str = "") -> str:
        daily = (
            f'name = "sky"\ntitle = "{title}"\nhour = {hour}\nzone = "{zone}"\ncategories = ["astro-ph.GA", "gr-qc"]'
        )
        return f"{HEAD}\n[[publication]]\n{daily}\n{more}\n{sources((*FREE, 'reddit'))}"

    weekly = """
[[publication]]
name = "sky-weekly"
title = "A week of galaxies"
window = "weekly"
hour = 9
zone = "Europe/Zurich"
categories = ["astro-ph.GA", "gr-qc"]
"""
    cuts = [START, at(4, "12:00"), at(10, "10:00"), at(16, "09:00"), END]
    texts = (
        text(8, "Europe/Zurich", "Galaxies and gravity"), text(18, "Asia/Tokyo", "Galaxies and gravity"),
        text(7, "Europe/Zurich", "Galaxies and gravity", weekly),
        text(7, "Europe/Zurich", "Galaxies at breakfast", weekly),
    )  # fmt: skip
    periods = tuple(
        Period(start, end - 5 * MINUTE, settings) for start, end, settings in zip(cuts, cuts[1:], texts, strict=False)
    )
    return Site("2-sky", "a publication whose owner changes its mind", partial(world, 2, 30, SKY), periods)


def words() -> Site:
    """3: mathematics by words, without a key of any network, in Kathmandu."""
    text = f"""{HEAD}
[[publication]]
name = "knots"
title = "Braids and lattices"
categories = ["math"]
include = ["Braids", "lattices", "operators", "Foliations"]
exclude = ["rare events", "atlas"]
hour = 7
zone = "Asia/Kathmandu"
{sources(("arxiv", "bluesky", "hackernews", "huggingface", "lobsters"))}"""
    script = partial(world, 3, 40, NUMBERS, 2.0)
    return Site("3-words", "mathematics by words, in Kathmandu", script, (Period(START, END, text),))


def everything() -> Site:
    """4: all of arXiv on PostgreSQL, two processes, one of which is stopped for a day, with app and witness, X with a
    budget, and mail to 300."""
    text = f"""{HEAD}
[[publication]]
name = "all"
title = "All of arXiv"
hour = 9
[publish]
base = "https://all.example/"
[transparency]
observations = true
policy = \"\"\"
$policy
\"\"\"
{MAILING}{sources((*FREE, "reddit", "x"), {"budget = 100.0": "budget = 9.0"})}"""
    base, numbers = "https://all.example/", (2, 1, 2)
    periods = (
        period._replace(settings=text, processes=number) for period, number in zip(_thirds(), numbers, strict=True)
    )
    about, script = "all of arXiv with all that there is", partial(world, 4, 24, Subjects())
    return Site("4-everything", about, script, tuple(periods), 300, base, postgres=True, logged="all")


def robots() -> Site:
    """7: a follower of site 4, which cannot read Mastodon, and Bluesky only for a while."""
    head = f"""{HEAD}
[[publication]]
name = "robots"
title = "Robots"
categories = ["cs.RO"]
hour = 9
zone = "Europe/London"
[[follow]]
name = "neighbor"
url = "https://all.example/"
"""
    few = ("arxiv", "hackernews", "huggingface", "lobsters")
    with_bluesky = head + sources((*few, "bluesky"))
    texts = (with_bluesky, f"{head}{sources(few)}[source.bluesky]\non = false\n", with_bluesky)
    periods = tuple(period._replace(settings=text) for period, text in zip(_thirds(), texts, strict=True))
    about = "robots, with a neighbor's counts"
    return Site("7-robots", about, partial(world, 4, 24, Subjects()), periods, follows=everything())


def _thirds() -> tuple[Period, ...]:
    cuts = (START, at(8, "15:00"), at(9, "16:00"), END)
    return tuple(Period(start, end - 5 * MINUTE, "") for start, end in pairwise(cuts))


def hosted() -> Site:
    """5: on a host without a disk, every six hours."""
    text = f"""{HEAD}
[[publication]]
name = "learning"
title = "Learning, measured"
categories = ["stat.ML", "cs.LG"]
hour = 14
zone = "Asia/Kolkata"
{sources(FREE)}"""
    period = Period(at(0, "08:45"), END, text, every=6 * HOUR)
    return Site("5-hosted", "on a host without a disk", partial(world, 5, 30, LANGUAGE), (period,))


def small() -> Site:
    """6: a field with three papers a day; Reddit is switched off for six days."""
    head = f"""{HEAD}
[[publication]]
name = "life"
categories = ["q-bio"]
zone = "America/Los_Angeles"
"""
    with_reddit, without = (head + sources((*FREE, *more)) for more in (("reddit",), ()))
    cuts = (START, at(7, "15:00"), at(13, "15:00"), END)
    texts = (with_reddit, without, with_reddit)
    periods = tuple(
        Period(start, end - 5 * MINUTE, text) for start, end, text in zip(cuts, cuts[1:], texts, strict=False)
    )
    return Site("6-small", "a field with three papers a day", partial(world, 6, 40, LIFE), periods)


def default() -> Site:
    """8: as `init` writes it."""
    text = settings.with_values({"contact": "https://library.example/"}).replace("$", "$$")
    text = text.replace('store = "hotpapers.db"', 'store = "$store"') + sources(FREE)
    return Site("8-default", "default settings", partial(world, 8, 30, Subjects()), (Period(START, END, text),))


def _on(server: str) -> str:
    return sources([server]).replace("on = false\n", "")


def library() -> Site:
    """9: medRxiv alone, weekly. Its API refuses with status 200: for a day that is read later, and over an issue."""
    text = f"""{HEAD}
[[publication]]
name = "medicine"
title = "New in medicine"
window = "weekly"
papers = ["medrxiv"]
hour = 9
zone = "Europe/Vienna"
[publish]
base = "https://library.example/"
{MAILING}{sources((*FREE, "reddit", "crossref"))}{_on("medrxiv")}"""
    script = partial(preprint_world, 9, 30, LIFE, ("medrxiv",), 0.7)
    faults = ("openrxiv=empty@2026-03-25T10:00/1d", "openrxiv=empty@2026-03-29T06:00/2d")
    base, periods = "https://library.example/", (Period(START, END, text),)
    return Site("9-library", "a medical library", script, periods, 9, base, faults=faults)


def chemists() -> Site:
    """10: ChemRxiv and a category of arXiv. Crossref refuses, has nothing, or has web pages; arXiv fails for a day."""
    text = f"""{HEAD}
[[publication]]
name = "chemistry"
title = "Molecules, measured"
papers = ["chemrxiv", "arxiv: physics.chem-ph"]
hour = 8
zone = "Europe/Berlin"
[publish]
base = "https://chemistry.example/"
{MAILING}{sources((*FREE, "crossref"))}{_on("chemrxiv")}"""
    script = partial(preprint_world, 10, 40, CHEMISTRY, ("chemrxiv",), 0.35)
    faults = (
        "crossref=html@2026-03-18T12:00/1d", "crossref=empty@2026-03-23T18:00/1d", "crossref=empty@2026-03-26T08:00/5h",
        "crossref=503@2026-03-30T20:00/15h", "arxiv=html@2026-04-01T20:00/1d",
    )  # fmt: skip
    base, periods = "https://chemistry.example/", (Period(START, END, text),)
    return Site("10-chemists", "a group of chemists", script, periods, 9, base, faults=faults)


SITES = (group, sky, words, everything, hosted, small, robots, default, library, chemists)


def chosen(names: Sequence[str] = ()) -> list[tuple[Site, ...]]:
    """The sites whose numbers these are, or whose names begin with one of these, all without any; with a follower comes
    the site that it follows, with which it is played."""
    sites = [make() for make in SITES]
    beginnings = tuple(f"{name}-" if name.isdigit() else name for name in names)
    wanted = [site for site in sites if not names or site.name.startswith(beginnings)]
    leaders = list(dict.fromkeys(site.follows.name if site.follows else site.name for site in wanted))
    followers = {site.follows.name: site for site in wanted if site.follows}
    by_name = {site.name: site for site in sites}
    return [(by_name[name], *([followers[name]] if name in followers else [])) for name in leaders]
