"""A hotpapers.toml in which every network is the loopback internet."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from string import Template

from hotpapers.base.papers.paper_servers import OSF
from tests.loopback import feeds, mastodon, reddit, x

REGISTERED = ("chemrxiv", *OSF, "researchsquare", "ssrn", "preprints")
"""The servers that are read from Crossref."""
TEMPLATE = Template("""\
# Made by the loopback internet: every base address leads to it.
store = "$store"
contact = "https://library.example/"

[[publication]]
name = "daily"
title = "Loopback Papers"

[source.arxiv]
feeds = "$arxiv"
api = "$arxiv/api/query"
oai = "$arxiv/oai"
listing = "$arxiv/list"

[source.bluesky]
jetstream = ["$bluesky_stream1", "$bluesky_stream2"]
view = "$bluesky_view"
# mode = "stream"

[source.feeds]
urls = [$urls]

[source.hackernews]
algolia = "$hackernews/api/v1"
firebase = "$hackernews/v0"

[source.huggingface]
base = "$huggingface"

[source.lobsters]
base = "$lobsters"

[[source.mastodon.servers]]
base = "$mastodon_one"

[[source.mastodon.servers]]
base = "$mastodon_two"
public = true
token = "$access"
# streaming = "$mastodon_two"

[source.reddit]
on = true
client_id = "$client"
client_secret = "$secret"
web = "$reddit"
api = "$reddit"

[source.biorxiv]
on = false
api = "$openrxiv"

[source.medrxiv]
on = false
api = "$openrxiv"

$servers
[crossref]
api = "$crossref"
datacite = "$datacite"
europepmc = "$indexes"
hal = "$indexes"
doi = "$indexes"

[source.x]
on = true
token = "$token"
budget = $budget
base = "$x/2"
""")


def settings_toml(bases: Mapping[str, str], *, store: str = "hotpapers.db", budget: float = 100.0) -> str:
    """The text of the file. Only base addresses differ from the defaults, and settings without a default are filled in:
    servers and feeds, keys, and a budget. Sources that are off by default are configured and can be switched on."""
    urls = ", ".join(f'"{bases["feeds"]}{path}"' for path in feeds.PATHS)
    names = {name.replace(".", "_"): base for name, base in bases.items()}
    servers = "\n".join(f'[source.{name}]\non = false\napi = "{bases["crossref"]}"\n' for name in REGISTERED)
    keys = {"client": reddit.CLIENT, "secret": reddit.SECRET, "token": x.TOKEN, "access": mastodon.TOKEN}
    return TEMPLATE.substitute(names, **keys, servers=servers, urls=urls, store=store, budget=budget)


def source_tables(bases: Mapping[str, str]) -> dict[str, str]:
    """The tables of that file by network, for settings of one's own; and that of Crossref."""
    tables: dict[str, str] = defaultdict(str)
    header = r"\[{1,2}(?:source\.)?(\w+)"
    for table in re.split(r"(?m)^(?=\[\[?(?:source\.|crossref\]))", settings_toml(bases))[1:]:
        match = re.match(header, table)
        assert match
        tables[match[1]] += table
    return dict(tables)
