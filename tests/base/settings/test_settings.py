"""hotpapers.toml: every setting, and every error with file, key and remedy."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base import model, settings
from hotpapers.base.errors import SettingsError
from hotpapers.base.network_terms import TERMS, TermsOverride, reviewed_terms
from hotpapers.base.networks import network_names
from hotpapers.base.settings import (
    BotRules,
    BotSettings,
    PublicationSettings,
    PublishSettings,
    RunSettings,
    check_text,
    load,
)
from hotpapers.base.settings.announce import BlueskyAccount, ChatSettings, WebhookSettings
from hotpapers.base.settings.quote import QuoteSettings
from hotpapers.base.settings.serve import ServeSettings
from hotpapers.wings.archives.replay.settings import JetstreamSettings
from hotpapers.wings.mail.settings import MailingSettings
from hotpapers.wings.peers.settings import FollowSettings
from hotpapers.wings.personal.embeddings.settings import EmbeddingSettings
from hotpapers.wings.personal.settings import ReaderSettings
from hotpapers.wings.preprints.settings import RegistrySettings
from hotpapers.wings.proof.settings import TransparencySettings
from hotpapers.wings.summaries.settings import SummarySettings
from hotpapers.wings.voices.settings import VoicesSettings

Settings: Any = settings.settings_type()
EVERYTHING = """
store = "postgresql://paper@db.example/hot"
contact = "mailto:desk@paper.example"
embeddings = { url = "http://127.0.0.1:8080/v1", model = "owl-2", key = "env:OWL_KEY" }
jetstream = { host = "https://archive.owls.example", key = "env:OWL_KEY" }
reader = [{ name = "Ada", publication = "owls", stars = "ada.bib", feed = "for/ada.atom", papers = 5 }]
voices = [{ publication = "owls", accounts = ["ada.example"] }]
crossref = { api = "http://127.0.0.1:8081", datacite = "http://127.0.0.1:8082", mailto = "desk@owls.example" }

[[publication]]
name = "night-owls"
title = "The Night Owls' Dozen"
window = "weekly"
ranking = "classic/1"
threshold = 250
least_entries = 0
most_entries = 12
papers = ["biorxiv: Cell Biology"]
categories = ["cs.LG", "astro-ph", "hep-th"]
include = ["owl"]
exclude = ["bat", "moth"]
networks = ["bluesky", "mastodon"]
own = ["bluesky:did:plc:owls", "x:@nightowls"]
posts = 4
hour = 23
zone = "Europe/Zurich"
note = "Written at night."
last_day = "2027-12-31"
output = "owls"
base = "https://owls.example/night/"

[[publication]]
name = "daily"

[publish]
channels = ["classic"]
output = "pages"
base = "https://owls.example/papers/"
budget = 500
look = "feathers"

[mailing]
relay = "mail.owls.example"
port = 465
tls = "implicit"
user = "owls"
password_file = "relay.password"
address = "papers@owls.example"
reply_to = "desk@owls.example"
bounces = "bounces@owls.example"
base = "https://app.owls.example/"
pace = 30

[[chat]]
name = "roost"
publication = "daily"
url = "env:ROOST_URL"
members = ["Odo Fennimore", "bluesky:did:plc:owlet"]

[[webhook]]
name = "archive"
publication = "night-owls"
url = "https://archive.example/issues"
secret = "sixteen owls sit"

[[bluesky]]
publication = "night-owls"
account = "did:plc:aaaabbbbccccddddeeee2345"
password = "abcd-efgh-ijkl-mnop"
host = "https://pds.owls.example"
thread = false
documents = false
feed = "https://app.owls.example"

[run]
listen = "127.0.0.1:9464"
ping = "https://ping.example/owls"
log = "json"
read_back = 3
proxy = "http://proxy.example:3128"

[transparency]
key = "owl.key"
folder = "owl-logs"
policy = "quorum none"
observations = true

[[follow]]
name = "barn"
url = "https://barn.example/"
policy = "quorum none"

[serve]
base = "https://owls.example/"
rate = 60
hosts = ["owls.lan", "[fd00::7]:80"]
proxies = 1

[source.hackernews]
every = 7200

[bots]
bots = ["x:@clockwork"]
people = ["x:@owlet"]

[bots.rules]
list = false
says_so = false
rate = 900
share = 70
template = 50
chorus = 5
echo = 20

[quote]
block_accounts = ["x:@loudowl"]
block_words = ["hoot"]
block_servers = ["owls.example"]

[summary]
url = "http://127.0.0.1:11434/v1"
model = "owl-1"
key = "env:OWL_KEY"

[terms.x]
keep = 7
shown = "text"
"""


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "hotpapers.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refusal(folder: Path, text: str | bytes) -> str:
    """The error message for an invalid file, without the file's name, which must come first."""
    file = written(folder, text)
    with pytest.raises(SettingsError) as refused:
        load(file)
    message = str(refused.value)
    assert message.startswith(f"{file}: ")
    return message.removeprefix(f"{file}: ")


# ---- valid settings ------------------------------------------------------------------------------------


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Settings(
        store="hotpapers.db", contact="", publication=(), publish=PublishSettings(output="public")
    )


def test_keys_of_earlier_versions_are_ignored(tmp_path: Path) -> None:
    assert check_text("[mailing]\nselector = 'owl'\n", tmp_path) == check_text("[mailing]\n", tmp_path)


def test_every_setting_is_read(tmp_path: Path) -> None:
    setup = load(written(tmp_path, EVERYTHING))
    owls = PublicationSettings(
        name="night-owls", title="The Night Owls' Dozen", window="weekly", ranking="classic/1", threshold=250,
        least_entries=0, most_entries=12, categories=("cs.LG", "astro-ph", "hep-th"), include=("owl",),
        exclude=("bat", "moth"), papers=("biorxiv: Cell Biology",),
        networks=("bluesky", "mastodon"), posts=4, hour=23, zone="Europe/Zurich", note="Written at night.",
        last_day="2027-12-31", output="owls", base="https://owls.example/night/",
        own=("bluesky:did:plc:owls", "x:@nightowls", "bluesky:did:plc:aaaabbbbccccddddeeee2345"),
    )  # fmt: skip
    posting = BlueskyAccount(
        publication="night-owls", account="did:plc:aaaabbbbccccddddeeee2345", password="abcd-efgh-ijkl-mnop",
        host="https://pds.owls.example", thread=False, documents=False, feed="https://app.owls.example",
    )  # fmt: skip
    members = ("Odo Fennimore", "bluesky:did:plc:owlet")
    roost = ChatSettings(name="roost", publication="daily", url="env:ROOST_URL", members=members)
    hook, secret = "https://archive.example/issues", "sixteen owls sit"
    archive = WebhookSettings(name="archive", publication="night-owls", url=hook, secret=secret)
    assert setup == Settings(
        store="postgresql://paper@db.example/hot",
        contact="mailto:desk@paper.example",
        publication=(owls, PublicationSettings(name="daily")),
        publish=PublishSettings(
            channels=("classic",), output="pages", base="https://owls.example/papers/", budget=500, look="feathers"
        ),
        mailing=MailingSettings(
            relay="mail.owls.example", port=465, tls="implicit", user="owls", password_file="relay.password",
            address="papers@owls.example", reply_to="desk@owls.example", bounces="bounces@owls.example",
            base="https://app.owls.example/", pace=30,
        ),
        chat=(roost,), webhook=(archive,), bluesky=(posting,),
        run=RunSettings("127.0.0.1:9464", "https://ping.example/owls", "json", 3, "http://proxy.example:3128"),
        transparency=TransparencySettings(key="owl.key", folder="owl-logs", policy="quorum none", observations=True),
        follow=(FollowSettings(name="barn", url="https://barn.example/", policy="quorum none"),),
        reader=(ReaderSettings(name="Ada", publication="owls", stars="ada.bib", feed="for/ada.atom", papers=5),),
        crossref=RegistrySettings("http://127.0.0.1:8081", "http://127.0.0.1:8082", "desk@owls.example"),
        voices=(VoicesSettings(publication="owls", accounts=("ada.example",)),),
        serve=ServeSettings(base="https://owls.example/", rate=60, hosts=("owls.lan", "[fd00::7]:80"), proxies=1),
        source={"hackernews": {"every": 7200}, "biorxiv": {"on": True}},
        bots=BotSettings(
            bots=("x:@clockwork",), people=("x:@owlet",),
            rules=BotRules(list=False, says_so=False, rate=900, share=70, template=50, chorus=5, echo=20),
        ),
        quote=QuoteSettings(
            block_accounts=("x:@loudowl",), block_words=("hoot",), block_servers=("owls.example",)
        ),
        embeddings=EmbeddingSettings(url="http://127.0.0.1:8080/v1", model="owl-2", key="env:OWL_KEY"),
        summary=SummarySettings(url="http://127.0.0.1:11434/v1", model="owl-1", key="env:OWL_KEY"),
        jetstream=JetstreamSettings(host="https://archive.owls.example", key="env:OWL_KEY"),
        terms={"x": TermsOverride(keep=7, shown="text")},
    )  # fmt: skip
    wing_tables = (setup.table("mailing"), setup.table("transparency"))
    written_out = (*wing_tables, posting, setup.run, setup.serve, setup.bots, setup.bots.rules)
    for struct in (setup, owls, setup.publish, *written_out):
        defaults = {f.name: f.default for f in msgspec.structs.fields(type(struct))}
        unset = [name for name, value in msgspec.structs.asdict(struct).items() if value == defaults[name]]
        assert not unset, "set it in EVERYTHING to something else than its default"


def test_a_publication_goes_into_the_record_without_its_folder(tmp_path: Path) -> None:
    owls = load(written(tmp_path, EVERYTHING)).publication[0]
    item = settings.publication_item(owls, 77)
    fields = {"publication": "night-owls", "observed_at": 77, **msgspec.structs.asdict(owls)}
    del fields["name"], fields["output"], fields["base"], fields["papers"]
    fields["categories"] = (*fields["categories"], "biorxiv.cell-biology")
    assert msgspec.structs.asdict(item) == fields
    assert isinstance(item, model.Publication)


def test_each_publication_has_an_address_of_its_own(tmp_path: Path) -> None:
    assert load(written(tmp_path, EVERYTHING)).bases == (
        ("night-owls", "https://owls.example/night/"), ("daily", "https://owls.example/papers/daily/")
    )  # fmt: skip
    alone = "[[publication]]\nname = 'daily'\n[publish]\nbase = 'https://owls.example/'"
    assert load(written(tmp_path, alone)).bases == (("daily", "https://owls.example/"),)
    assert load(written(tmp_path, TWO)).bases == (("daily", ""), ("weekly", "https://owls.example/"))


TWO = "[[publication]]\nname = 'daily'\n[[publication]]\nname = 'weekly'\nbase = 'https://owls.example/'"


def test_terms_change_the_reviewed_table_cell_by_cell(tmp_path: Path) -> None:
    changed = reviewed_terms(load(written(tmp_path, EVERYTHING)).terms)
    assert changed == {**TERMS} | {"x": TERMS["x"]._replace(keep=7 * model.DAY, shown="text")}


# ---- the file that `init` writes -----------------------------------------------------------------------


def test_the_template_is_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, settings.template())) == Settings(publication=(PublicationSettings(name="daily"),))


def test_what_the_template_comments_out_is_the_default_too(tmp_path: Path) -> None:
    uncommented = re.sub(r"^# (?=\w+ = )", "", settings.template(), flags=re.M)
    assert uncommented != settings.template()
    publication = PublicationSettings(name="daily", most_entries=settings.ENTRY_LIMIT)  # without: see publication_item
    assert load(written(tmp_path, uncommented)) == Settings(publication=(publication,))


def test_the_template_shows_every_setting() -> None:
    tables = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", settings.template(), flags=re.M))
    assert set(tables) == set(Settings.__struct_fields__)
    assert set(tables["publication"][0]) == set(PublicationSettings.__struct_fields__)
    assert set(tables["publish"]) == set(PublishSettings.__struct_fields__)
    assert set(tables["mailing"]) == set(MailingSettings.__struct_fields__)


@pytest.mark.parametrize(
    "contact", ["mailto:desk@paper.example", 'a "quoted" \\ Bürö <b@paper.example>', "https://paper.example/?a=1"]
)
def test_a_contact_is_written_into_the_template(tmp_path: Path, contact: str) -> None:
    assert settings.contact_problem(contact) == ""
    result = load(written(tmp_path, settings.with_values({"contact": contact})))
    assert result == Settings(contact=contact, publication=(PublicationSettings(name="daily"),))


@pytest.mark.parametrize("contact", ["me", "javascript:alert(1)", "https://", "@quill", "ftp://paper.example/", "a@b"])
def test_a_contact_that_nobody_could_reach(tmp_path: Path, contact: str) -> None:
    wrong = f"{contact!r} contains no address; write a web or mail address, such as https://papers.example/"
    assert settings.contact_problem(contact) == wrong
    assert refusal(tmp_path, f'contact = "{contact}"') == f"contact: {wrong}"


# ---- unreadable files ----------------------------------------------------------------------------------


def test_what_is_not_utf_8_says_where(tmp_path: Path) -> None:
    assert refusal(tmp_path, b'contact = "\xff"') == "not UTF-8 at byte 11; save it as UTF-8"


def test_what_is_not_toml_says_where(tmp_path: Path) -> None:
    message = refusal(tmp_path, "store = hotpapers.db\n")
    assert message.startswith("invalid TOML: ") and "line 1" in message
    assert message.endswith("`hotpapers init` writes a valid example.")


# ---- invalid values ------------------------------------------------------------------------------------

PATH = "pa\\x00th"
NAMES = ", ".join(Settings.__struct_fields__)
NETWORKS = ", ".join(network_names())

WRONG = [
    ("stroe = 'x'", "stroe: no such setting; did you mean store? (store: a path, or postgresql://…)"),
    ("frequency = 7", f"frequency: no such setting; the settings here are {NAMES}"),
    ("store = 7", 'store: must be text in quotation marks, such as "hotpapers.db", not 7'),
    *(
        (
            table.replace("PATH", r'"pa\u0000th"'),
            f"{key}: '{'[secret]' if key == 'transparency.key' else PATH}' contains a null byte; remove it",
        )
        for table, key in (
            ("store = PATH", "store"),
            ("[publish]\noutput = PATH", "publish.output"),
            ("[[publication]]\nname = 'a'\noutput = PATH", "publication 'a': output"),
            ("[transparency]\nkey = PATH", "transparency.key"),
            ("[transparency]\nfolder = PATH", "transparency.folder"),
            ("[mailing]\npassword_file = PATH", "mailing.password_file"),
        )
    ),
    (
        "[publish]\noutput = '~no-such-user-here/site'",
        "publish.output: '~no-such-user-here/site' is not a path: there is no such home folder; write the full path",
    ),
    ("store = ' '", 'store: is empty; write a path, such as "hotpapers.db"'),
    ("publish = 7", "publish: must be a table, such as [publish], not 7"),
    ("publication = 7", "publication: must be a list of tables, such as [[publication]], not 7"),
    ("[publish]\nchanels = ['site']", "publish.chanels: no such setting; did you mean channels? (channels: the "
         "channels to publish to)"),
    ("[publish]\nchannels = 'site'", 'publish.channels: must be a list, such as ["site"], not the text "site"'),
    ("[publish]\nchannels = []", 'publish.channels: is empty; name a channel, such as "site"'),
    ("[publish]\noutput = ''", 'publish.output: is empty; write a folder, such as "public"'),
    (
        "[[publication]]\nname = 'daily'\nbase = 'https://owls.example'",
        "publication 'daily': base: write a full address that ends with /, such as https://papers.example/daily/",
    ),
    ("terms = 7", "terms: must be a table; write one for each network, such as [terms.bluesky]"),
    ("[terms]\nx = 'text'", "terms.x: must be a table; write [terms.x], and its settings below"),
    ("[terms.friendster]\nshown = 'text'", f"terms.friendster: no such network; the networks are {', '.join(TERMS)}"),
    ("[terms.x]\nshwon = 'text'", "terms.x.shwon: no such setting; did you mean shown? (shown: posts in full, their "
         "first words, or only links)"),
    ("[terms.x]\nshown = 'words'", "terms.x.shown: 'words' is not one of text, excerpt, link"),
    ("[terms.x]\nexported = 'all'", "terms.x.exported: 'all' is not one of facts, ids"),
    ("[terms.x]\nread = 'yes'", "terms.x.read: 'yes' is not one of public, operator names it, own key, no"),
    ("[terms.x]\nkeep = '7 days'", 'terms.x.keep: must be a whole number without quotation marks, 0 to 36,500, not '
         'the text "7 days"'),
    ("[terms.x]\nkeep = -1", "terms.x.keep: must be a whole number, 0 to 36,500, not -1"),
    ("[terms.x]\nkeep = 36501", "terms.x.keep: must be a whole number, 0 to 36,500, not 36501"),
    ("[terms.x]\ncount_limited = 'no'", 'terms.x.count_limited: must be true or false, without quotation marks, not '
         'the text "no"'),
    ("[[publication]]\ntitle = 'T'", "publication 1: name: is missing; write name = …"),
    ("[[publication]]\nname = 'a'\n[[publication]]\nname = 'b'\ntresh = 1",
     "publication 2: tresh: no such setting; did you mean threshold? (threshold: the minimum score of an entry)"),
    ("[[publication]]\nname = 'a'\nhour = 'eight'",
     'publication 1: hour: must be a whole number without quotation marks, 0 to 23, such as 8, not the text "eight"'),
    ("[[publication]]\nname = 'a'\ncategories = ['cs.LG', 7]",
     'publication 1: categories 2: must be text in quotation marks, such as "this", not 7'),
    ("[[publication]]\nname = 'a'\nwindow = 'hourly'",
     "publication 1: window: 'hourly' is not one of daily, weekly, monthly, listing"),
    ("[[publication]]\nname = ''",
     'publication 1: name: use letters, digits and hyphens, such as "daily-ml"'),
    ("[[publication]]\nname = 'a/b'",
     "publication 'a/b': name: use letters, digits and hyphens, such as \"daily-ml\""),
    ("[[publication]]\nname = 'é'",
     "publication 'é': name: use letters, digits and hyphens, such as \"daily-ml\""),
    ("[[publication]]\nname = 'a'\n[[publication]]\nname = 'a'",
     "publication 'a': name: is taken by an earlier publication; names must differ"),
    ("[[publication]]\nname = 'a'\ntitle = ''",
     "publication 'a': title: is empty; write what readers see, such as \"Hot Papers\""),
    ("[[publication]]\nname = 'a'\nhour = 24", "publication 1: hour: must be a whole number, 0 to 23, such as 8, "
         "not 24"),
    ("[[publication]]\nname = 'a'\nhour = -1", "publication 1: hour: must be a whole number, 0 to 23, such as 8, "
         "not -1"),
    ("[[publication]]\nname = 'a'\nlast_day = '1991-08-13'",
     "publication 'a': last_day: '1991-08-13' is not a date; write it like 2027-12-31"),
    ("[[publication]]\nname = 'a'\nlast_day = '31 December 2027'",
     "publication 'a': last_day: '31 December 2027' is not a date; write it like 2027-12-31"),
    ("[[publication]]\nname = 'a'\nnote = \"two\\nlines\"",
     "publication 'a': note: write one line"),
    ("[[publication]]\nname = 'a'\nposts = 11", "publication 1: posts: must be a whole number, 0 to 10, such as 3, "
         "not 11"),
    ("[[publication]]\nname = 'a'\nposts = -1", "publication 1: posts: must be a whole number, 0 to 10, such as 3, "
         "not -1"),
    ("[[publication]]\nname = 'a'\nthreshold = -1", "publication 1: threshold: must be a whole number, 0 or more, "
         "such as 500, not -1"),
    ("[[publication]]\nname = 'a'\nleast_entries = -1",
     "publication 1: least_entries: must be a whole number, 0 to 100, such as 10, not -1"),
    ("[[publication]]\nname = 'a'\nzone = 'Mars/Base'",
     "publication 'a': zone: 'Mars/Base' is not a time zone; write one such as Europe/Zurich"),
    ("[[publication]]\nname = 'a'\nzone = '../etc'",
     "publication 'a': zone: '../etc' is not a time zone; write one such as Europe/Zurich"),
    ("[[publication]]\nname = 'a'\nzone = ''",
     "publication 'a': zone: '' is not a time zone; write one such as Europe/Zurich"),
    ("[[publication]]\nname = 'a'\nnetworks = ['friendster']",
     f"publication 'a': networks: 'friendster' is not one of {NETWORKS}"),
    ("[[publication]]\nname = 'a'\nown = ['me']", "publication 'a': own: write accounts as network:id, not 'me'"),
    ("[[publication]]\nname = 'a'\nown = ['bluesky:?']",
     "publication 'a': own: 'bluesky:?': write its DID, which stays when its handle changes"),
    ("[[publication]]\nname = 'a'\nown = ['x:']", "publication 'a': own: write accounts as network:id, not 'x:'"),
    ("[[publication]]\nname = 'a'\ninclude = ['']",
     "publication 'a': include: contains an empty word, which matches every paper; remove it"),
    ("[[publication]]\nname = 'a'\nexclude = [' ']",
     "publication 'a': exclude: contains an empty word, which matches every paper; remove it"),
    ("[[publication]]\nname = 'a'\ncategories = ['astro-phs']",
     "publication 'a': categories: 'astro-phs' is not an arXiv category or archive; did you mean astro-ph?"),
    ("[[publication]]\nname = 'a'\ncategories = ['machine learning']",
     "publication 'a': categories: 'machine learning' is not an arXiv category or archive; "
     "write a category like cs.LG, or an archive like astro-ph"),
    ("[mailing]\nrelay = 'mail.example.org'",
     "mailing.address: '' is not a mail address; write it like papers@example.org"),
    ("[mailing]\nreply_to = 'desk'",
     "mailing.reply_to: 'desk' is not a mail address; write it like papers@example.org"),
    ('[mailing]\nbounces = "a@b.example\\r\\nBcc: c@d.example"',
     "mailing.bounces: 'a@b.example\\r\\nBcc: c@d.example' is not a mail address; write it like papers@example.org"),
    ("[mailing]\nrelay = 'smtp://mail.example.org'\naddress = 'a@b.example'",
     "mailing.relay: 'smtp://mail.example.org' is not a host; write it like mail.example.org, "
     "and the port as port = 587"),
    ("[mailing]\nbase = 'http://papers.example/'", "mailing.base: write a full address that begins with https:// and "
     "ends with /, such as https://papers.example/"),
    ("[serve]\nbase = 'https://papers.example'", "serve.base: write a full address that begins with https:// and "
     "ends with /, such as https://papers.example/"),
    ("[serve]\nproxies = -1", "serve.proxies: must be a whole number, 0 to 10, such as 0, not -1"),
    ("[serve]\nrate = 9_000_000", "serve.rate: must be a whole number, 0 to 1,000,000, such as 300, not 9000000"),
    ("[mailing]\nport = 0", "mailing.port: must be a whole number, 1 to 65,535, such as 587, not 0"),
    ("[mailing]\npace = 0", "mailing.pace: must be a whole number, 1 to 60,000, such as 60, not 0"),
    ("[mailing]\ntls = 'ssl'", "mailing.tls: 'ssl' is not one of starttls, implicit"),
    ("[bots]\nbots = ['me']", "bots.bots: write accounts as network:id or network:@handle, not 'me'"),
    ("[bots]\npeople = ['x:@']", "bots.people: write accounts as network:id or network:@handle, not 'x:@'"),
    ("[bots]\nbots = ['x:@a']\npeople = ['x:@a']",
     "bots.people: 'x:@a' is also in bots; remove it from one of the two"),
    ("[bots]\nrules = {rat = 7}", "bots.rules.rat: no such setting; did you mean rate? (rate: papers named in 14 "
         "days)"),
    ("[bots]\nrules = {rate = -1}", "bots.rules.rate: must be a whole number, 0 or more, such as 1200, not -1"),
    ("[bots]\nrules = {share = 101}", "bots.rules.share: must be a whole number, 0 to 100, such as 80, not 101"),
]  # fmt: skip


PUBLICATION = '[[publication]]\nname = "daily"\n'
ADDRESSES = {
    "publish.base": '[publish]\nbase = "URL"',
    "publication 'daily': base": f'{PUBLICATION}base = "URL"',
    "serve.base": '[serve]\nbase = "URL"',
    "mailing.base": '[mailing]\nbase = "URL"',
    "embeddings.url": '[embeddings]\nmodel = "owl"\nurl = "URL"',
    "summary.url": '[summary]\nmodel = "owl"\nurl = "URL"',
    "follow 'owls': url": '[[follow]]\nname = "owls"\nurl = "URL"',
    "webhook 1: url": f'{PUBLICATION}[[webhook]]\nname = "owls"\npublication = "daily"\nsecret = "sixteen owls sit"\n'
    'url = "URL"',
}


@pytest.mark.parametrize("url", ["https://[::1/", "https://owls.example:65536/", "https://owls.example:0/"])
@pytest.mark.parametrize("key", ADDRESSES)
def test_an_address_without_a_readable_host_or_port_is_refused(tmp_path: Path, key: str, url: str) -> None:
    assert refusal(tmp_path, ADDRESSES[key].replace("URL", url)).startswith(f"{key}: write a full address")


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_wrong_value_names_key_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message
