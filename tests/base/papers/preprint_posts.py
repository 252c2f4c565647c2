"""Made-up posts that link papers on eight servers in 40 forms, and posts that link none."""

from __future__ import annotations

import random
from typing import NamedTuple
from urllib.parse import quote

WORDS = """about after again all always and another any are at back because been before better between both but came
can come could day did do does down each even every few find first for from gave get give go good great had has have
heard her here him his house how idea in into is it its just keep kettle know last left like line little long look made
make many may more most much must name never new next no not now of off old on one only other our out over own page part
people place quite read right said same saw say see she should show side so some song still such take tea tell than that
the their them then there these they thing think this those three time to too two under up us use very want was water
way we well went were what when where which while who why will with work would write year you your"""

NEAR_MISSES = (
    "the ratio was 10.2500/12.5 this year", "10.0.0.1/24 is our network", "it cost $10.1500/kg",
    "on 01.10.2019/15 at noon",
    "release v10.1234/stable", "https://example.com/10.5/review", "https://notbiorxiv.org/content/early/2020/01/02/123456",
    "https://www.biorxiv.org/content/early/recent", "https://papers.ssrn.com/sol3/cf_dev/AbsByAuth.cfm?per_id=1234567",
    "https://zenodo.org/communities/kettles/records", "https://osf.io/preprints/psyarxiv/discover",
    "https://example.com/osf.io/preprints/psyarxiv/abcde", "https://doi.org/10.1101/2024.01.0…",
    "https://www.doi.org/the-identifier/",
    "doi: 10.1016/j.jmaa", "https://hal.example.fr/hal-shop", "10.31234/osf.io/",
    "https://chemrxiv.org/engage/chemrxiv/public-dashboard",
    "https://www.researchsquare.com/browse", "https://www.preprints.org/search?q=kettle",
    "version 10.15/10.16 of the system",
    "https://example.com/release/10.1234.5", "call 10.1000/ now", "10.12345/", "about 10.5000-10.6000/unit",
)  # fmt: skip


class Paper(NamedTuple):
    """A made-up paper's key, and what its addresses consist of."""

    key: str
    id: str
    doi: str


def _date(chance: random.Random) -> str:
    return f"{chance.randrange(2020, 2025)}.{chance.randrange(1, 13):02}.{chance.randrange(1, 29):02}"


def _code(chance: random.Random, length: int) -> str:
    return "".join(chance.choices("abcdefghjkmnpqrstuvwxyz23456789", k=length))


def _paper(server: str, chance: random.Random) -> Paper:
    if server in ("biorxiv", "medrxiv"):
        digits = 6 if server == "biorxiv" else 8
        id = f"{_date(chance)}.{chance.randrange(10 ** (digits - 1), 10**digits)}"
        doi = f"10.1101/{id}"
    elif server == "chemrxiv":
        id = f"{chance.randrange(2021, 2026)}-{_code(chance, 5)}"
        doi = f"10.26434/chemrxiv-{id}"
    elif server in ("psyarxiv", "socarxiv"):
        id = _code(chance, 5)
        doi = f"{'10.31234' if server == 'psyarxiv' else '10.31235'}/osf.io/{id}"
    elif server == "researchsquare":
        id = f"rs-{chance.randrange(20_000, 6_000_000)}"
        doi = f"10.21203/rs.3.{id}"
    elif server == "ssrn":
        id = str(chance.randrange(1_000_000, 5_000_000))
        doi = f"10.2139/ssrn.{id}"
    elif server == "preprints":
        id = f"{chance.randrange(2018, 2026)}{chance.randrange(1, 13):02}.{chance.randrange(1, 2500):04}"
        doi = f"10.20944/preprints{id}"
    else:
        id = str(chance.randrange(100_000, 20_000_000))
        doi = f"10.5281/zenodo.{id}"
    return Paper(f"doi:{doi}", id, doi)


FORMS = {
    "biorxiv": (
        "https://www.biorxiv.org/content/{doi}v{v}", "https://www.biorxiv.org/content/{doi}v{v}.full.pdf",
        "biorxiv.org/content/{doi}v{v}.full.pdf+html", "https://www.biorxiv.org/content/early/{path}/{id}",
        "http://biorxiv.org/cgi/content/short/{id}v{v}?rss=1", "https://connect.biorxiv.org/qr/{id}",
        "https://sciety.org/articles/activity/{doi}",
    ),
    "medrxiv": (
        "https://www.medrxiv.org/content/{doi}v{v}.supplementary-material", "https://www.medrxiv.org/content/{doi}v{v}.abstract",
        "https://www.medrxiv.org/content/medrxiv/early/{path}/{id}.full.pdf", "https://doi.org/{doi}", "doi:{doi}",
    ),
    "chemrxiv": (
        "https://doi.org/{doi}", "https://doi.org/{doi}-v{v}", "https://chemrxiv.org/doi/full/{doi}", "{doi}-v{v}",
        "https://doi.org/{doi}/v{v}",
    ),
    "psyarxiv": (
        "https://psyarxiv.com/{id}/", "https://osf.io/preprints/psyarxiv/{id}", "https://osf.io/preprints/psyarxiv/{id}_v{v}",
        "https://doi.org/{doi}", "https://doi.org/{doi}_v{v}",
    ),
    "socarxiv": ("https://osf.io/preprints/socarxiv/{id}/download", "{doi}"),
    "researchsquare": (
        "https://www.researchsquare.com/article/{id}/v{v}", "https://doi.org/{doi}/v{v}", "https://www.researchsquare.com/article/{id}/latest.pdf",
        "{doi}/v{v}",
    ),
    "ssrn": (
        "https://papers.ssrn.com/sol3/papers.cfm?abstract_id={id}", "https://ssrn.com/abstract={id}",
        "https://dx.doi.org/{doi}",
        "https://papers.ssrn.com/sol3/Delivery.cfm?abstractid={id}&mirid=1",
        "papers.ssrn.com/sol3/Papers.cfm?abstractId={id}",
    ),
    "preprints": (
        "https://www.preprints.org/manuscript/{id}/v{v}", "https://doi.org/{doi}.v{v}", "https://www.preprints.org/manuscript/{id}",
    ),
    "zenodo": (
        "https://zenodo.org/record/{id}#.XtoRR-TEklQ", "https://zenodo.org/records/{id}", "https://doi.org/{doi}",
        "https://zenodo.org/doi/{doi}",
    ),
}  # fmt: skip
"""The forms of links by server; PsyArXiv and SocArXiv are one server, OSF."""

AROUND = (
    "{}", "{}.", "({})", "{},", "“{}”", "[paper]({})", "<{}>", '<a href="{}">paper</a>', "see: {}; then", "**{}**",
    "https://t.example/?u={quoted}&x=1", "{upper}",
)  # fmt: skip


def posts(number: int, seed: int = 2101) -> list[tuple[str, list[tuple[str, int | None]]]]:
    """Posts, each with the keys and versions of the papers that it names. A fifth names none."""
    chance = random.Random(seed)
    forms = [(server, form) for server, all_forms in FORMS.items() for form in all_forms]
    result = []
    for n in range(number):
        words = chance.choices(WORDS.split(), k=chance.randrange(4, 40))
        if n % 5 == 4:
            result.append((_within(words, chance.choice(NEAR_MISSES), chance), list[tuple[str, int | None]]()))
            continue
        server, form = forms[n % len(forms)]
        paper, version = _paper(server, chance), chance.randrange(1, 10)
        path = "/".join(paper.id.split(".")[:3])
        link = form.format(id=paper.id, doi=paper.doi, v=version, path=path)
        around = chance.choice(AROUND)
        text = around.format(link, quoted=quote(link, safe=""), upper=link.upper() if "://" not in link else link)
        result.append((_within(words, text, chance), [(paper.key, version if "{v}" in form else None)]))
    return result


def _within(words: list[str], text: str, chance: random.Random) -> str:
    place = chance.randrange(len(words) + 1)
    return " ".join([*words[:place], text, *words[place:]])
