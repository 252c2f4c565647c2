"""The page for authors of posts, `/mine`: they prove that an account is theirs by a code in its profile, and make a
request.

First they name the account. Then they get a code, put it in the profile, and submit the form on the same page. The
profile is fetched, and if it contains the code, the request is carried out. Only its result is stored: a verdict, with
its reason in words.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.http import ClientLimits, HostPacer
from hotpapers.base.keys import network_of
from hotpapers.base.logs import log_event
from hotpapers.base.model import HttpClient, Publication
from hotpapers.base.settings import BotSettings
from hotpapers.base.text.timestamps import SECOND
from hotpapers.collect.job_factory import configured_addresses, read_settings, secrets_of, site_pace
from hotpapers.collect.sources.bluesky import BlueskySettings
from hotpapers.publish.schedule.publishing import render_changed
from hotpapers.publish.view import phrases
from hotpapers.record import Record, current_time
from hotpapers.serve.backend import Backend
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.site.site import Site
from hotpapers.wings.accounts import actions, claims, codes, profiles
from hotpapers.wings.accounts.codes import ProofChallenge
from hotpapers.wings.accounts.profiles import KnownAccount
from hotpapers.wings.forms import form_router as forms
from hotpapers.wings.forms.form_router import (
    FormField,
    FormPage,
    FormRouter,
    FormSpec,
    Values,
    form_router,
)

PATH = "/mine"
COST = 2
HIDE, PERSON = "hide", "person"
ASKING = ClientLimits(connect=5.0, read=10.0, whole=15.0, size=1_000_000, redirects=1, tries=1)
"""Tight limits, as a reader is waiting for the response."""
CHOICES = ((HIDE, "Hide all my posts on this site"), (PERSON, "I am a person, not a bot"))


def routes(backend: Backend, pages: CurrentPages, publication: Publication, site: Site) -> Sequence[BaseRoute]:
    """The routes of the page in the app of a publication. Raises SettingsError."""
    router = form_router(backend, publication, site.settings.contact)
    return my_posts_page(router, site).routes() if router else ()


def my_posts_page(router: FormRouter, site: Site) -> MyPostsPage:
    """The page of a site. Raises SettingsError.

    Of internal addresses, only those that the settings of sources name can be reached."""
    settings = site.settings
    tables = [settings.source.get(name, {}) for name in ("bluesky", "mastodon")]
    bluesky = read_settings("bluesky", tables[0], str(site.file))
    assert isinstance(bluesky, BlueskySettings)
    allowed = configured_addresses(tables)
    hidden = secrets_of(tables)
    pacer = HostPacer()
    open_client = partial(site.http, allowed, pace=site_pace(), reserve=pacer, secrets=hidden, limits=ASKING)
    render = partial(render_changed, site_config=site.site_config, allowed=site.terms)
    return MyPostsPage(
        router,
        open_client,
        bluesky.view,
        render,
        {},
        allowed,
        settings.bots,
        settings.contact,
    )


class MyPostsPage(NamedTuple):
    """The page. `open_client`: opens an HTTP client; `view`: address of Bluesky's public view; `render`: renders the
    changes by batches after a position. `asking`: by server, held while a profile is read from it. `base_addresses`:
    those of the settings. `contact`: the operator's."""

    router: FormRouter
    open_client: Callable[[], AbstractContextManager[HttpClient]]
    view: str
    render: Callable[[Record, int], object]
    asking: dict[str, threading.Lock]
    base_addresses: Sequence[str]
    bots: BotSettings
    contact: str
    clock: Callable[[], int] = current_time

    def routes(self) -> Sequence[BaseRoute]:
        """The routes of the page."""
        return self.router.routes(PATH, lambda _: account_page(), self._submit, COST, _refill)

    def _submit(self, values: Values) -> FormPage:
        """The page after a submission: the code, or the outcome of the request."""
        text = values.get("who", "")
        keys = claims.parse_claim(text)
        if not keys:
            return account_page(text, BARE if claims.is_bare(text) else _elsewhere(self.contact))
        with self.router.backend.open_record() as record:
            accounts = actions.known_accounts(record, keys)
            if len(accounts) != 1:
                return account_page(text, SEVERAL[network_of(keys[0])] if accounts else UNKNOWN)
            if values.get("proof"):
                return self._outcome_page(record, accounts[0], values)
            nonce = secrets.token_hex(codes.NONCE // 2)
            challenge = ProofChallenge(accounts[0].account, self.clock() // SECOND, nonce)
            return _code_page(record, accounts[0], challenge, text)

    def _outcome_page(self, record: Record, account: KnownAccount, values: Values) -> FormPage:
        at = self.clock()
        choice = values.get("choice", "")
        text = values["who"]
        proof = codes.decode_challenge(record.hasher.secret, values["proof"], account.account, at // SECOND)
        if proof is None:
            return account_page(text, OLD)
        code_page = partial(_code_page, record, account, proof, text)
        if choice not in (HIDE, PERSON):
            return code_page(error=NO_CHOICE)
        server = profiles.server_of(self.view, account, self.base_addresses)
        # one request at a time per server, so a slow one delays only its own users
        lock = self.asking.setdefault(server, threading.Lock())
        if not lock.acquire(blocking=False):
            return code_page(choice, TURN)._replace(status=503, wait=60)
        try:
            code = codes.profile_code(record.hasher.secret, proof)
            error = self._proof_problem(server, account, code)
        finally:
            lock.release()
        if error:
            return code_page(choice, error)
        if choice == HIDE:
            return self._hide(record, account, at)
        outcome = actions.contest(record, self.bots, account.account, at)
        if outcome == "full":
            return forms.with_refusal(self.router.refusal(forms.FULL), code_page(choice))
        return CONTEST_PAGES[outcome]

    def _proof_problem(self, server: str, account: KnownAccount, code: str) -> str:
        """Why the profile does not prove the claim; empty if it does."""
        try:
            with self.open_client() as http:
                description = profiles.fetch_description(http, server, account)
        except RequestRefused as problem:
            log_event("profile refused", reason=problem.reason)
            return NOT_SHOWN
        except NetError as problem:
            log_event("profile not read", reason=problem)
            return NO_ANSWER
        return "" if codes.appears_in(code, description) else MISSING

    def _hide(self, record: Record, account: KnownAccount, at: int) -> FormPage:
        position = record.head.position
        if not actions.hide(record, account.account, at):
            return FormPage("Already hidden", ("None of your posts are shown here.",))
        log_event("hidden as its account asked", position=record.head.position)
        self.router.run_later(partial(self._render_changed, position))
        return HIDDEN

    def _render_changed(self, position: int) -> None:
        with self.router.backend.open_record() as record:
            self.render(record, position)


def _refill(values: Values) -> FormPage:
    """The form with the submitted values: the second form if they have a proof."""
    text = values.get("who", "")
    proof = values.get("proof", "")
    return _choice_form(text, proof, values.get("choice", "")) if proof else account_page(text)


# ---- step 1: the account ---------------------------------------------------------------------------------

ACCOUNT_LABEL = "Your account, or the address of one of your posts"
UNKNOWN = "This site has no posts from this account, and shows none."
BARE = "Which network is it on? Write it like @ada.example or @ada@social.example."
SEVERAL = {
    "bluesky": "Several accounts have had this name. Please enter the account’s ID, such as did:plc:…",
    "mastodon": "Several accounts have had this name. Please enter the account’s address, such as"
    " https://social.example/users/ada",
}


def account_page(text: str = "", error: str = "") -> FormPage:
    """The page that asks for an account."""
    hint = "On Bluesky or Mastodon: @ada.example, @ada@social.example, https://social.example/@ada/123"
    claim = text[: claims.MAX_CLAIM_CHARS]
    field = FormField("who", ACCOUNT_LABEL, "text", claim, hint, error, claims.MAX_CLAIM_CHARS)
    lines = (
        "You decide whether your posts are shown here. To prove that an account is yours, put a code in its profile for"
        " a moment. No password is needed.",
    )
    form = FormSpec("mine", "Get a code", (field,), error=error)
    return FormPage("These are my posts", lines, form, status=400 if error else 200)


def _elsewhere(contact: str) -> str:
    """The message for an account that cannot be verified here."""
    text = "Only accounts on Bluesky and Mastodon can be verified here."
    return f"{text} For others, contact {phrases.one_line(contact)}." if contact else text


# ---- step 2: the code --------------------------------------------------------------------------------------


def _code_page(
    record: Record, account: KnownAccount, proof: ProofChallenge, text: str, choice: str = "", error: str = ""
) -> FormPage:
    secret = record.hasher.secret
    lines = (
        "Add this code to the description of your profile, save the profile, and then send the form below. Keep this"
        " page open until then. The code is valid for a day; you can remove it afterwards.",
    )
    page = _choice_form(text, codes.encode_challenge(secret, proof), choice, error)
    facts = (("Account", phrases.one_line(account.handle or account.own)),)
    code = codes.profile_code(secret, proof)
    return page._replace(lines=lines, facts=facts, code=code, status=400 if error else 200)


def _choice_form(text: str, proof: str, choice: str, error: str = "") -> FormPage:
    hidden = (("who", text), ("proof", proof))
    form = FormSpec("mine", "The code is in my profile", (), hidden, "What would you like?", CHOICES, choice, error)
    return FormPage("Your code", (), form)


# ---- step 3: the request -------------------------------------------------------------------------------------

OLD = "This code has expired or belongs to another page. Please start again."
MISSING = "The code is not in the profile yet. It may take a minute to appear; then send this again."
NOT_SHOWN = "The network does not let us read this profile, so the account cannot be verified."
NO_ANSWER = "The profile could not be read because its server did not respond properly. Please try again later."
NO_CHOICE = "Please choose one."
TURN = "Another profile is being read from the same server. Please try again in a minute."


AFTER = "You can now remove the code from your profile."
HIDDEN = FormPage(
    "Your posts are hidden",
    ("They are no longer shown here. Pages published as files will be updated within minutes.", AFTER),
)
CONTEST_PAGES: dict[actions.ContestOutcome, FormPage] = {
    "person": FormPage("You count as a person", ("You already did: no rule considers you a bot.", AFTER)),
    "lifted": FormPage(
        "You count as a person", ("This applies to all future issues. Earlier issues do not change.", AFTER)
    ),
    "asked": FormPage(
        "Sent for review",
        ("There are signs of a bot besides the way you post, so the operator of this site will review it.", AFTER),
    ),
}
