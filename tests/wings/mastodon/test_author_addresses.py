"""Authors whose address a server leaves out: one person with those whose address another server gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import HOUR, Account, Item, RawPayload
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.discussion.moderation.aliases import join_accounts
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record, is_pseudonym
from hotpapers.wings.mastodon.author_addresses import author_address
from hotpapers.wings.mastodon.settings import MastodonServer, MastodonSettings
from hotpapers.wings.mastodon.source import MastodonSource
from tests.issues.made import key, moment, paper, write

AT = moment("2024-05-07T02:00")
SOURCE = MastodonSource(MastodonSettings(servers=(MastodonServer(base="https://reader.example"),)))


class Program(NamedTuple):
    """The addresses of a status, of its author and of the author's profile on a program's servers. In them, `H` is the
    host, `U` the name, `N` the number of the account and `S` that of the status."""

    status: str
    author: str
    profile: str


WITH_NAMES = {
    "Mastodon": Program("https://H/users/U/statuses/S", "https://H/users/U", "https://H/@U"),
    "Mastodon, numbered": Program("https://H/ap/users/N/statuses/S", "https://H/ap/users/N", "https://H/@U"),
    "GoToSocial": Program("https://H/users/U/statuses/01J9ABCDEFS", "https://H/users/U", "https://H/@U"),
    "snac": Program("https://H/U/p/S.abcdef", "https://H/U", "https://H/U"),
    "snac in a folder's place": Program("https://H/p/p/S.abcdef", "https://H/p", "https://H/p"),
    "Takahē": Program("https://H/@U@H/posts/S/", "https://H/@U@H/", "https://H/@U/"),
    "Pixelfed": Program("https://H/p/U/S", "https://H/users/U", "https://H/U"),
    "Ghost": Program(
        "https://H/.ghost/activitypub/note/S", "https://H/.ghost/activitypub/users/index", "https://H/"
    ),
    "an article on Ghost": Program(
        "https://H/.ghost/activitypub/article/S", "https://H/.ghost/activitypub/users/index", "https://H/"
    ),
    "PeerTube": Program("https://H/videos/watch/S", "https://H/accounts/U", "https://H/a/U/video-channels"),
    "a comment on PeerTube": Program(
        "https://H/videos/watch/S/comments/N", "https://H/accounts/U", "https://H/a/U"
    ),
    "a channel on PeerTube": Program("https://H/videos/watch/S", "https://H/video-channels/U", "https://H/c/U/videos"),
    "Threads": Program(
        "https://www.threads.net/ap/users/N/post/S/", "https://threads.net/ap/users/N/", "https://www.threads.com/@U"
    ),
    "Pleroma": Program("https://H/objects/S", "https://H/users/U", "https://H/users/U"),
    "Friendica": Program("https://H/objects/S", "https://H/profile/U", "https://H/profile/U"),
    "snac below a path": Program("https://H/social/U/p/S.abcdef", "https://H/social/U", "https://H/social/U/"),
    "Pleroma, with a slash": Program("https://H/objects/S", "https://H/users/U", "https://H/users/U/"),
    "Lemmy": Program("https://H/post/S", "https://H/u/U", "https://H/u/U"),
    "a comment on Lemmy or PieFed": Program("https://H/comment/S", "https://H/u/U", "https://H/u/U/"),
    "Mbin": Program("https://H/m/tea/t/S", "https://H/u/U", "https://H/u/U"),
    "a comment on Mbin": Program("https://H/m/tea/p/S/reply/N", "https://H/u/U", "https://H/u/U"),
    "BookWyrm": Program("https://H/user/U/comment/S", "https://H/user/U", "https://H/user/U"),
    "a review on BookWyrm": Program("https://H/user/U/review/S", "https://H/user/U", "https://H/user/U/"),
    "Hubzilla": Program("https://H/item/0193cef7-8765-73d2-b827-61ac1f35df9b", "https://H/channel/U",
                        "https://H/channel/U"),
    "Hollo": Program("https://H/@U/0193cef7-8765-73d2-b827-61ac1f35df9b", "https://H/@U", "https://H/@U"),
}  # fmt: skip
WITH_NUMBERS = {
    "Misskey": Program("https://H/notes/S", "https://H/users/N", "https://H/@U"),
    "Iceshrimp": Program("https://H/notes/S", "https://H/users/N", "https://H/@U"),
    "WordPress": Program("https://H/?p=S", "https://H/?author=N", "https://H/author/U/"),
    "a blog on WordPress": Program("https://H/2024/05/a-post-S/", "https://H/?author=0", "https://H/@U"),
    "WriteFreely": Program("https://H/api/posts/S", "https://H/api/collections/U", "https://H/U/"),
    "Discourse": Program("https://H/ap/object/S", "https://H/ap/actor/N", "https://H/u/U"),
}
HOSTS = st.sampled_from(["tea.example", "social.kettle.example", "a-b.example.co", "tea.example:8443"])
NAMES = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_]{0,12}\Z").filter(lambda name: name != "p")
"""Not snac's folder of posts, which is ambiguous below a path."""
NUMBERS = st.from_regex(r"\A[1-9][0-9]{8,12}\Z")


def filled(program: Program, host: str, name: str, number: str, status: str) -> Program:
    """A program's addresses with a host, a name and numbers in them."""
    values = {"H": host, "U": name, "N": number, "S": status}
    parts = (address.replace("https://", "").replace(".ghost", "\0") for address in program)
    return Program(*(
        "https://" + "".join(values.get(sign, sign) for sign in part).replace("\0", ".ghost") for part in parts
    ))  # fmt: skip


def status(about: int, shown: Program, handle: str, *, has_uri: bool) -> RawPayload:
    """A status about a paper, by its number, as a server shows it, with or without its author's address."""
    account = {"acct": handle, "url": shown.profile, **({"uri": shown.author} if has_uri else {})}
    content = f"<p>See https://arxiv.org/abs/{key(about).removeprefix('arxiv:')}</p>"
    body = {"uri": shown.status, "created_at": "2024-05-07T02:00:00Z", "account": account, "content": content}
    return RawPayload("post", shown.status, json.dumps(body).encode(), AT)


def author_of(payload: RawPayload) -> Account:
    [account] = [item for item in SOURCE.read(payload) if isinstance(item, Account)]
    return account


@pytest.mark.parametrize("program", WITH_NAMES)
@given(host=HOSTS, name=NAMES, number=NUMBERS, post=NUMBERS)
def test_a_known_form_tells_the_author(program: str, host: str, name: str, number: str, post: str) -> None:
    shown = filled(WITH_NAMES[program], host, name, number, post)
    handle = f"{name}@{host}"
    known = author_of(status(1, shown, handle, has_uri=True))
    assert known.account == f"mastodon:{shown.author}"
    assert author_of(status(1, shown, handle, has_uri=False)).account == known.account
    assert author_address(shown.status, shown.profile.replace(host, f"x{host}")) in ("", shown.author)


def test_with_and_without_an_address_it_is_one_voice(sqlite_record: Record) -> None:
    """Each program's people post about a paper of their own."""
    programs = [*WITH_NAMES.values(), *WITH_NUMBERS.values()]
    items: list[Item] = []
    for about, form in enumerate(programs, 1):
        host, name = f"tea{about}.example", "p" if "/p/p/" in form.status else "Ada"
        for has_uri in (False, True):
            shown = filled(form, host, name, f"{about}00", f"{about}0{has_uri:d}")
            items += SOURCE.read(status(about, shown, f"{name}@{host}", has_uri=has_uri))
    write(sqlite_record, (item for number in range(1, len(programs) + 1) for item in paper(number)), items)
    join_accounts(sqlite_record)
    rows = read_engagement(sqlite_record.view(AT + 8 * HOUR), MeasurementWindow(ages=(6,)))
    assert {row.paper: row.voices for row in rows} == {key(number): 1 for number in range(1, len(programs) + 1)}


SHOWN = filled(WITH_NUMBERS["Misskey"], "tea.example", "ada", "123", "1")


@pytest.mark.parametrize(
    ("handle", "profile", "account"),
    [
        ("ada@tea.example", "https://tea.example/@ada", "@ada@tea.example"),
        ("Ada@Tea.Example", "https://tea.example/@Ada", "@ada@tea.example"),
        ("ada", "https://tea.example/@ada", "@ada@tea.example"),
        ("ada@tea.example", "https://evil.example/@ada", "https://evil.example/@ada"),  # its status is elsewhere
        ("bo@kettle.example", "https://tea.example/@bo", "https://tea.example/@bo"),  # a stranger's handle
        ("@tea.example", "https://tea.example/@", "https://tea.example/@"),
    ],
)
def test_who_is_known_by_the_handle(handle: str, profile: str, account: str) -> None:
    payload = status(1, SHOWN._replace(profile=profile), handle, has_uri=False)
    assert author_of(payload).account == f"mastodon:{account}"


def test_a_domain_of_any_letters() -> None:
    shown = filled(WITH_NUMBERS["Misskey"], "xn--bcher-kva.example", "ada", "123", "1")
    assert author_of(status(1, shown, "ada@bücher.example", has_uri=False)).account == "mastodon:@ada@bücher.example"


def test_both_are_forgotten_together(tmp_path: Path) -> None:
    with Record(str(tmp_path / "hotpapers.db")) as record:
        for has_uri in (False, True):
            shown = filled(WITH_NUMBERS["Misskey"], "tea.example", "ada", "123456789", f"{has_uri:d}")
            write(record, SOURCE.read(status(1, shown, "ada@tea.example", has_uri=has_uri)))
        forget_key(record, f"mastodon:{shown.author}")
        assert all(is_pseudonym(account.account) for account in record.view().items(Account))
