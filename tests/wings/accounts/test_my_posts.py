"""Authors prove that an account is theirs by a code in its profile, on loopback networks; their choice is applied."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from starlette.applications import Starlette

import hotpapers
from hotpapers.base import settings as all_settings
from hotpapers.base.model import DAY as A_DAY
from hotpapers.base.model import HOUR, Account, Alias, Item, Judgement, Verdict
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.moderation.bots.review import OperatorVerdict, review_account, set_verdict, withdraw_verdict
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.record import Record
from hotpapers.serve.app import SiteApp
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.wings.accounts import my_posts
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.form_router import SUBMITS_AN_HOUR
from tests.issues.made import DAILY, DAY, background, frozen, moment, paper, post, posts_about, write
from tests.loopback.clock import SteppedClock
from tests.loopback.manual_script import ManualScript, account, message
from tests.loopback.reading import client
from tests.loopback.script import Account as Person
from tests.loopback.servers import Loopback
from tests.loopback.settings import settings_toml
from tests.serve.asgi import get
from tests.wings.forms.form_client import BASE, FormResponse, finish_work, form_router, submit

AT = moment("2024-05-09")
ADA, EVE = account("bluesky", "ada"), account("bluesky", "eve", gone_from=AT)
MOSS, FERN = account("mastodon", "moss"), account("mastodon", "fern", home="two")
WORDS = {"ada": "Such fine kettles never boil over", "moss": "Rather fine stoves lose steam early"}


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    people = [ADA, EVE, MOSS, FERN]
    script = ManualScript(messages=[message(person, AT - n * 1_000_000, "Hello") for n, person in enumerate(people, 1)])
    with Loopback(script, SteppedClock(AT)) as network:
        yield network


class Site:
    """The app on a store in which people on the loopback networks post about papers, with a folder of pages."""

    def __init__(self, folder: Path, loopback: Loopback) -> None:
        self.folder, self.store, self.loopback, self.clock = folder, folder / "hotpapers.db", loopback, AT
        loopback.profiles.clear()
        self.record = Record(str(self.store))
        background_items = background(networks=["bluesky", "mastodon"])
        write(
            self.record, [DAILY], background_items, *(self._posts(n, person) for n, person in enumerate((ADA, MOSS), 1))
        )
        frozen(self.record)
        export_site(self.record, "daily", [DAY], "site", folder / "site", SiteConfig(app=BASE))
        self.begin()

    def key(self, person: Person) -> str:
        return (
            f"{person.network}:{person.id if person.network == 'bluesky' else self.page(person).replace('@', 'users/')}"
        )

    def page(self, person: Person) -> str:
        return f"{self.loopback.bases[f'mastodon.{person.home}']}/@{person.name}"

    def handle(self, person: Person) -> str:
        return (
            f"{person.name}.example"
            if person.network == "bluesky"
            else f"{person.name}@{self.page(person).split('/')[2]}"
        )

    def _posts(self, number: int, person: Person) -> list[Item]:
        at, name = moment(f"{DAY}T02:00"), f"{person.network}:{number}"
        account = Account(account=self.key(person), handle=self.handle(person), observed_at=at)
        post_items = post(
            number, name, at, self.key(person), f"{WORDS[person.name]} https://arxiv.org/abs/2405.{number:05}"
        )
        return [account, *paper(number), *posts_about(number, 60, at, person.network)[2:], *post_items]

    def begin(self, bots: BotSettings | None = None, base_addresses: Sequence[str] | None = None) -> None:
        """Starts the app with fresh rate limits."""
        self.router = form_router(DAILY.title, open_record=partial(Record, str(self.store)))
        hot_papers = hotpapers.Site(self.store, file=self.folder / "hotpapers.toml")
        self.my_posts = my_posts.my_posts_page(self.router, hot_papers)._replace(
            open_client=lambda: client(self.loopback), view=self.loopback.bases["bluesky.view"],
            clock=lambda: self.clock, bots=bots or BotSettings(), contact="desk@papers.example",
            base_addresses=tuple(self.loopback.bases.values()) if base_addresses is None else base_addresses,
        )  # fmt: skip
        self.app = Starlette(routes=list(self.my_posts.routes()))

    def code(self, name: str) -> FormResponse:
        """Enters an account name; returns the page with the code."""
        return submit(self.app, "/mine", {"who": name})

    def ask(self, page: FormResponse, choice: str = "hide", **changes: str) -> FormResponse:
        """Submits the form on that page."""
        return submit(self.app, "/mine", {**page.hidden, "choice": choice, **changes})

    def prove(self, person: Person, choice: str = "hide") -> FormResponse:
        """Goes through the whole procedure correctly."""
        page = self.code(self.handle(person))
        self.loopback.profiles[person.id] = f"Kettles and stoves. {code_in(page)}"
        return self.ask(page, choice)

    def finish_work(self) -> None:
        """Finishes all pending work."""
        finish_work(self.router)
        self.begin()

    def verdicts(self) -> list[Verdict]:
        rows = (row.item for row in self.record.view().latest(Verdict))
        return list(rows)

    def shows(self, text: str) -> tuple[bool, bool]:
        """Whether the app's page and the folder's page contain these words."""
        issue_reader = RecordIssueReader(self.record)
        page = get(SiteApp(CurrentPages(lambda: issue_reader, "daily", NOBODY)), f"/{DAY}/").plain
        return text.encode() in page, text in (self.folder / "site" / DAY / "index.html").read_text("utf-8")


def code_in(page: FormResponse) -> str:
    [code] = [word for word in page.text.split() if word.startswith("hotpapers-")]
    return code


@pytest.fixture
def site(tmp_path: Path, loopback: Loopback) -> Iterator[Site]:
    new_site = Site(tmp_path, loopback)
    with new_site.record:
        yield new_site
    new_site.router.backend.close()


@pytest.mark.parametrize("person", [ADA, MOSS], ids=["bluesky", "mastodon"])
def test_whoever_posted_takes_it_off_all_pages(site: Site, person: Person) -> None:
    assert site.shows(WORDS[person.name]) == (True, True)
    response = site.prove(person)
    assert response.status == 200 and "Your posts are hidden" in response.text
    assert site.shows(WORDS[person.name])[0] is False
    site.finish_work()
    assert site.shows(WORDS[person.name]) == (False, False)
    other_person = MOSS if person is ADA else ADA
    assert site.shows(WORDS[other_person.name]) == (True, True)
    [verdict] = site.verdicts()
    assert verdict == Verdict(
        subject=site.key(person), about="", rule="hide", judgement="hidden", version=1,
        reason="asked for by the account, which proved itself", observed_at=AT,
    )  # fmt: skip
    assert "Already hidden" in site.prove(person).text and len(site.verdicts()) == 1


def test_an_account_is_named_as_people_name_it(site: Site) -> None:
    did, server = ADA.id, site.page(MOSS)
    for name in (
        "ada.example", "@Ada.Example", did, f"https://bsky.app/profile/{did}/post/3kabc", f"at://{did}/app.bsky.feed.post/3k",
        "https://bsky.app/profile/ada.example",
    ):  # fmt: skip
        assert "Account ada.example" in site.code(name).text
        site.begin()
    host = server.split("/")[2]
    user_url = server.replace("@", "users/")
    for name in (
        f"@moss@{host}", f"moss@{host}", server, f"{server}/112", f"{user_url}/statuses/112",
        f"http://another.example/@moss@{host}",
    ):  # fmt: skip
        assert f"Account moss@{host}" in site.code(name).text
        site.begin()


def test_without_the_code_nothing_happens(site: Site) -> None:
    page = site.code("ada.example")
    code, other_code = code_in(page), code_in(site.code("ada.example"))
    assert code != other_code, "each page has a code of its own"
    for profile in ("", "Kettles.", other_code, code[:-1], code + "x", f"x{code}", code.replace("-", " ")):
        site.begin()
        site.loopback.profiles[ADA.id] = profile
        response = site.ask(page)
        assert response.status == 400 and "not in the profile yet" in response.text
        assert code_in(response) == code and "checked" in str(response.page.elements), "the page stays as it was"
    assert site.verdicts() == [] and site.shows(WORDS["ada"]) == (True, True)
    site.loopback.profiles[ADA.id] = f"…({code.upper()})!"
    assert "Your posts are hidden" in site.ask(page).text


def test_who_reads_the_code_in_the_profile_cannot_use_it(site: Site) -> None:
    """The code is public while it is in the profile; the page it belongs to is not."""
    page = site.code("ada.example")
    site.loopback.profiles[ADA.id] = code_in(page)
    eve_page = site.code("ada.example")
    assert site.ask(eve_page).status == 400 and site.verdicts() == []
    full_proof = page.hidden["proof"]
    changed_proof = full_proof[:-1] + ("1" if full_proof.endswith("0") else "0")
    for proof in ("x", code_in(page), changed_proof, full_proof.replace("-", "")):
        site.begin()
        assert "expired or belongs to another page" in site.ask(page, proof=proof).text
    assert site.verdicts() == []


def test_a_proof_is_of_one_account_and_one_day(site: Site) -> None:
    page = site.code("ada.example")
    site.loopback.profiles[ADA.id] = site.loopback.profiles[MOSS.id] = code_in(page)
    assert "belongs to another page" in site.ask(page, who=site.page(MOSS)).text
    site.clock = AT + A_DAY
    assert "has expired" in site.ask(page).text and site.verdicts() == []
    site.clock = AT + A_DAY - HOUR
    assert "Your posts are hidden" in site.ask(page).text


def test_only_whom_the_record_knows_is_asked_for(site: Site) -> None:
    """So nobody can make this program contact a server of their choice."""
    count = len(site.loopback.requests)
    for name in (
        "eve.example",
        "@fern@social.example",
        site.page(FERN),
        "https://169.254.169.254/@ada",
        "did:plc:" + "a" * 24,
    ):
        response = site.code(name)
        assert response.status == 400 and "has no posts from this account" in response.text
    for name in (
        "",
        "https://x.com/ada/status/1",
        "x:@ada",
        "ada lovelace",
        "javascript:alert(1)",
        "<script>",
        "a" * 9000,
    ):
        site.begin()
        response = site.code(name)
        assert response.status == 400
        assert (
            name == ""
            or "Only accounts on Bluesky and Mastodon can be verified here. For others, contact desk@papers.example."
            in response.text
        )
    assert len(site.loopback.requests) == count


@pytest.mark.parametrize("name", ["ada", "@ada", " ada_lovelace "])
def test_who_leaves_the_network_out_is_told_how_to_write_it(site: Site, name: str) -> None:
    response = site.code(name)
    assert response.status == 400 and "Write it like @ada.example or @ada@social.example." in response.text
    assert "For others" not in response.text


@pytest.mark.parametrize(
    ("keys", "name", "advice"),
    [
        (("bluesky:did:plc:one", "bluesky:did:plc:two"), "twin.example", "ID, such as did:plc:…"),
        (
            ("mastodon:https://s.example/users/twin", "mastodon:https://s.example/ap/users/7"), "@twin@s.example",
            "address, such as https://social.example/users/ada",
        ),
    ],
)  # fmt: skip
def test_who_shares_a_name_is_told_what_their_network_calls_them(
    site: Site, keys: tuple[str, ...], name: str, advice: str
) -> None:
    for n, key in enumerate(keys):
        handle = name.removeprefix("@")
        alias = Alias(account=f"{key.partition(':')[0]}:@{handle}", stable=key, observed_at=AT + n)
        account = Account(account=key, handle=handle, observed_at=AT)
        write(site.record, [alias, account, *post(1, f"{key}-{n}", AT, key)])
    response = site.code(name)
    assert (
        response.status == 400 and "Several accounts have had this name." in response.text and advice in response.text
    )


def test_one_profile_at_a_time_is_read_from_a_server(site: Site) -> None:
    """A second request to the same server is told to wait and keeps its page; other servers are read."""
    page = site.code("ada.example")
    site.loopback.profiles[ADA.id] = code_in(page)
    with site.my_posts.asking.setdefault(site.loopback.bases["bluesky.view"], threading.Lock()):
        count = len(site.loopback.requests)
        response = site.ask(page)
        assert response.status == 503 and "Please try again in a minute." in response.text
        assert (
            response.headers["retry-after"] == "60"
            and response.hidden == page.hidden
            and code_in(response) == code_in(page)
        )
        assert len(site.loopback.requests) == count and "checked" in str(response.page.elements)
        assert "Your posts are hidden" in site.prove(MOSS).text
    assert "Your posts are hidden" in site.ask(page).text


def test_a_server_that_no_setting_names_is_asked_over_tls_alone(site: Site) -> None:
    site.begin(base_addresses=())
    page, count = site.code(site.handle(MOSS)), len(site.loopback.requests)
    site.loopback.profiles[MOSS.id] = code_in(page)
    assert site.ask(page).status == 400 and site.verdicts() == [] and len(site.loopback.requests) == count


def test_who_sends_too_much_keeps_what_they_typed(site: Site) -> None:
    page = site.code("ada.example")
    for _ in range(SUBMITS_AN_HOUR // my_posts.COST):
        response = site.ask(page)
    assert response.status == 429 and response.hidden == page.hidden and "checked" in str(response.page.elements)
    response = site.code("ada.example")
    assert response.status == 429 and "ada.example" in str(response.page.elements)
    redirect = get(site.app, "/mine/")
    assert (redirect.status, redirect.headers["location"]) == (308, "../mine")


def test_a_server_inside_is_never_asked(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A remote server may claim that an account is at an internal address; only settings may name one."""
    key = "mastodon:http://127.0.0.1:1/users/eve"
    write(
        site.record, [Account(account=key, handle="eve@127.0.0.1:1", observed_at=AT), *post(1, "mastodon:e", AT, key)]
    )
    caplog.set_level("INFO", "hotpapers")
    response = site.ask(site.code("http://127.0.0.1:1/users/eve"))
    assert response.status == 400 and "does not let us read this profile" in response.text and site.verdicts() == []
    assert "is an internal address" in str([vars(line)["fields"] for line in caplog.records])
    assert "inside" not in response.text


def test_who_is_not_there_proves_nothing(site: Site) -> None:
    write(
        site.record,
        [
            Account(account=site.key(EVE), handle="eve.example", observed_at=AT),
            *post(1, "bluesky:e", AT, site.key(EVE)),
        ],
    )
    page = site.code("eve.example")
    response = site.ask(page)
    assert response.status == 400 and "does not let us read this profile" in response.text
    site.loopback.plan.add("bluesky.view=500")
    response = site.ask(page)
    site.loopback.plan.clear()
    assert response.status == 400 and "did not respond properly" in response.text


def test_a_choice_has_to_be_made(site: Site) -> None:
    page = site.code("ada.example")
    site.loopback.profiles[ADA.id] = code_in(page)
    for choice in ("", "show", "HIDE"):
        response = site.ask(page, choice)
        assert response.status == 400 and "Please choose" in response.text and code_in(response) == code_in(page)
    assert site.verdicts() == []


def test_each_client_may_ask_so_often(site: Site) -> None:
    for _ in range(SUBMITS_AN_HOUR // my_posts.COST):
        site.code("ada.example")
    assert site.code("ada.example").status == 429


def test_a_form_of_another_site_does_nothing(site: Site) -> None:
    page = site.code("ada.example")
    site.loopback.profiles[ADA.id] = code_in(page)
    response = submit(site.app, "/mine", {**page.hidden, "choice": "hide"}, sec_fetch_site="cross-site")
    assert response.status == 403 and site.verdicts() == []


# ---- I am a person -----------------------------------------------------------------------------------


def add_verdict(site: Site, rule: str, judgement: Judgement = "bot", at: int = AT - HOUR) -> None:
    verdict = Verdict(
        subject=site.key(ADA), about="", rule=rule, judgement=judgement, version=1, reason=f"why {rule}", observed_at=at
    )
    site.record.append([verdict], source="judging", at=AT)


def is_bot(site: Site) -> bool:
    return review_account(site.record, site.key(ADA))[0][0].is_bot


@pytest.mark.parametrize("rules", [["template"], ["rate", "share"]])
def test_a_person_is_taken_at_their_word(site: Site, rules: list[str]) -> None:
    for rule in rules:
        add_verdict(site, rule)
    assert is_bot(site) and "This applies to all future issues" in site.prove(ADA, "person").text
    assert not is_bot(site)
    [report] = reader_reports.open_reports(site.record.database)
    assert (report.kind, report.subject) == ("contest", site.key(ADA)) and f"why {rules[0]}" in report.text
    assert {(verdict.rule, verdict.judgement) for verdict in site.verdicts()} == {
        ("proved", "human"),
        *((r, "bot") for r in rules),
    }
    assert "You count as a person You already did" in site.prove(ADA, "person").text
    assert len(reader_reports.open_reports(site.record.database)) == 1


@pytest.mark.parametrize("rule", ["chorus", "echo", "list", "says-so", "operator"])
def test_the_operator_is_asked_where_a_word_is_not_enough(site: Site, rule: str) -> None:
    add_verdict(site, rule)
    add_verdict(site, "template")
    assert "Sent for review" in site.prove(ADA, "person").text and is_bot(site)
    assert "Sent for review" in site.prove(ADA, "person").text
    [report] = reader_reports.open_reports(site.record.database)
    assert f"{rule}: why {rule}" in report.text and "To accept: hotpapers judge" in report.text


@pytest.mark.parametrize("rule", ["chorus", "echo", "list", "says-so", "operator"])
def test_a_word_that_was_enough_is_none_against_what_is_found_later(site: Site, rule: str) -> None:
    """And the proof is remembered: the rules it overrules stay lifted."""
    add_verdict(site, "template")
    site.prove(ADA, "person")
    add_verdict(site, "rate", at=AT + HOUR)
    assert not is_bot(site)
    add_verdict(site, rule, at=AT + HOUR)
    assert is_bot(site)
    site.clock = AT + 2 * HOUR
    assert "Sent for review" in site.prove(ADA, "person").text and is_bot(site)
    set_verdict(
        site.record, BotSettings(), site.key(ADA), OperatorVerdict("human", "known to us", site.clock), at=site.clock
    )
    assert not is_bot(site)


def test_the_operator_takes_the_account_s_word_back(site: Site) -> None:
    add_verdict(site, "template")
    site.prove(ADA, "person")
    withdraw_verdict(site.record, BotSettings(), site.key(ADA), at=AT + HOUR, paper="")
    assert is_bot(site)


def test_settings_go_before_the_account_s_word(site: Site) -> None:
    add_verdict(site, "template")
    site.begin(BotSettings(bots=("bluesky:@ada.example",)))
    assert "Sent for review" in site.prove(ADA, "person").text and is_bot(site)


def test_who_counts_as_a_person_changes_nothing(site: Site) -> None:
    assert "You already did" in site.prove(ADA, "person").text
    add_verdict(site, "template")
    add_verdict(site, "template", "human", AT - 1)
    assert "You already did" in site.prove(ADA, "person").text
    assert reader_reports.open_reports(site.record.database) == []


def test_where_no_more_reports_are_taken_no_word_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_reports, "MAX_OPEN_REPORTS", 0)
    add_verdict(site, "template")
    response = site.prove(ADA, "person")
    assert (response.status, response.headers["retry-after"]) == (503, "3600") and is_bot(site)
    assert "Too many requests" in response.text
    assert "proof" in response.hidden and "checked" in str(response.page.elements), "the page stays as it was"


# ---- from settings ---------------------------------------------------------------------------------------


def test_the_way_out_is_that_of_the_settings(site: Site, tmp_path: Path) -> None:
    """The client built from settings contacts the loopback networks named there."""
    file = tmp_path / "hotpapers.toml"
    file.write_text(settings_toml(site.loopback.bases), "utf-8")
    settings = all_settings.load(file)
    hot_papers = hotpapers.Site(settings=settings, file=file)
    site.router.backend.close()
    site.router = form_router(DAILY.title, open_record=partial(Record, str(site.store)))
    site.app = Starlette(routes=list(my_posts.my_posts_page(site.router, hot_papers).routes()))
    for person in (ADA, MOSS):
        assert "Your posts are hidden" in site.prove(person).text
    assert len(site.verdicts()) == 2
