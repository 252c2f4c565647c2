"""Reddit: a subreddit's feed, without counts; with a key, its listing and posts by name. There is one subreddit.

https://www.reddit.com/dev/api
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, islice
from typing import Any
from xml.sax.saxutils import escape

from tests.loopback import ids, naming
from tests.loopback.scene import Reply, Request, Scene, iso, json, not_found
from tests.loopback.script import SECOND, Said, counts, find, latest, present

CLIENT, SECRET, TOKEN = "loopback", "made-up-secret", "made-up-token"
FEED, MOST, DEEPEST = 25, 100, 1000
HOME = "MachineLearning"
_THREAD = re.compile(r"/comments/([0-9a-z]{1,13})/\.rss")
_NEW = re.compile(r"/r/(\w+)/new(/\.rss)?")


def answer(scene: Scene, asked: Request) -> Reply:
    """Feeds need no key; the token requires the application's secret, everything else the token."""
    if asked.path == "/api/v1/access_token":
        return _token(asked)
    new, thread = _NEW.fullmatch(asked.path), _THREAD.fullmatch(asked.path)
    if new and new[2]:
        return _feed(scene, new[1])
    if thread:
        return _thread(scene, f"t3_{thread[1]}")
    if asked.headers.get("authorization") != f"Bearer {TOKEN}":
        return json({"message": "Unauthorized", "error": 401}, 401)
    if new:
        return _new(scene, asked, new[1])
    return _info(scene, asked) if asked.path == "/api/info" else not_found()


def _token(asked: Request) -> Reply:
    known = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    if asked.method != "POST" or asked.headers.get("authorization") != known:
        return json({"message": "Unauthorized", "error": 401}, 401)
    return json({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"})


def _new(scene: Scene, asked: Request, subreddit: str) -> Reply:
    """The newest posts, page by page, at most a thousand; removed ones are not listed."""
    posts = islice(_newest(scene), DEEPEST)
    after, limit = asked.one("after"), asked.number("limit", 25, MOST)
    if after:
        posts = islice(dropwhile(lambda said: said.id != after, posts), 1, None)
    page = list(islice(posts, limit + 1))
    return _listing(scene, page[:limit], page[limit - 1].id if len(page) > limit else None, subreddit)


def _newest(scene: Scene) -> Iterator[Said]:
    return (said for said in latest(scene.script, "reddit", scene.now, 60) if listed(said, scene.now))


def _info(scene: Scene, asked: Request) -> Reply:
    """Posts by name; deleted or removed ones say so."""
    found = []
    for name in asked.one("id").split(",")[:MOST]:
        said = _made(scene, name)
        found += [said] if said else []
    return _listing(scene, found, None, HOME)


def _made(scene: Scene, name: str) -> Said | None:
    at = ids.made_at("reddit", name)
    said = find(scene.script, "reddit", name, at) if at is not None else None
    return said if said and said.at <= scene.now else None


def listed(said: Said, now: int) -> bool:
    """Whether a post is in the list of new ones."""
    return said.at <= now < said.gone_at and present(said.by, now)


def _listing(scene: Scene, posts: list[Said], after: str | None, subreddit: str) -> Reply:
    children = [{"kind": "t3", "data": _t3(scene, said, subreddit)} for said in posts]
    data = {"after": after, "children": scene.listed(children)}
    limits = {"x_ratelimit_used": "1", "x_ratelimit_remaining": "599.0", "x_ratelimit_reset": "300"}
    return json({"kind": "Listing", "data": data}, 200, **limits)


def score(said: Said, now: int) -> int:
    """A post's score: its likes and one from its submitter."""
    return 1 + counts(said, now).likes


def target(said: Said) -> str:
    """Where a post's title links to; empty for a post that is only text."""
    return next(iter(naming.targets(said)), "")


def _t3(scene: Scene, said: Said, subreddit: str) -> dict[str, Any]:
    """A post. A deleted one has no author; a removed one names the kind of account that removed it."""
    now = counts(said, scene.now)
    own = f"{scene.base}/r/{subreddit}/comments/{said.id[3:]}/"
    words = said.words_at(scene.now) if target(said) else naming.text(said, scene.now)
    post: dict[str, Any] = {
        "name": said.id, "id": said.id[3:], "created_utc": float(scene.claims(said.at) // SECOND), "title": said.title,
        "author": said.by.name, "author_fullname": said.by.id, "subreddit": subreddit, "url": target(said) or own,
        "selftext": words, "score": score(said, scene.now), "num_comments": now.replies, "over_18": False,
        "edited": scene.claims(said.edited_at) / SECOND if said.edited_at <= scene.now else False,
        "removed_by_category": None, "permalink": own,
    }  # fmt: skip
    if listed(said, scene.now):
        return post
    if removed(said, scene.now):
        return post | {"removed_by_category": "moderator", "selftext": "[removed]"}
    return post | {"author": "[deleted]", "author_fullname": None, "selftext": "[deleted]"}


def removed(said: Said, now: int) -> bool:
    """Whether a missing post was removed by somebody other than its author."""
    return said.gone_at <= now and said.why == "removed"


def _feed(scene: Scene, subreddit: str) -> Reply:
    return _atom(scene, list(islice(_newest(scene), FEED)), subreddit)


def _thread(scene: Scene, name: str) -> Reply:
    """A post's own feed: the post, and its comments, of which there are none here."""
    said = _made(scene, name)
    return _atom(scene, [said], HOME) if said and listed(said, scene.now) else not_found()


def _atom(scene: Scene, posts: Sequence[Said], subreddit: str) -> Reply:
    entries = "".join(scene.listed(_entry(scene, said, subreddit) for said in posts))
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<updated>{iso(scene.claims(scene.now))}</updated><id>/r/{subreddit}/new/.rss</id>"
        f"<title>newest submissions : {subreddit}</title>{entries}</feed>"
    )
    return Reply(200, body.encode(), "application/atom+xml; charset=UTF-8")


def _entry(scene: Scene, said: Said, subreddit: str) -> str:
    own = f"{scene.base}/r/{subreddit}/comments/{said.id[3:]}/"
    words = said.words_at(scene.now) if target(said) else naming.text(said, scene.now)
    content = (
        f'<!-- SC_OFF --><div class="md"><p>{html.escape(words)}</p></div><!-- SC_ON --> submitted by /u/{said.by.name}'
        f' <span><a href="{target(said) or own}">[link]</a></span> <span><a href="{own}">[comments]</a></span>'
    )
    moment = iso(scene.claims(said.at))
    return (
        f'<entry><author><name>/u/{said.by.name}</name></author><category term="{subreddit}"/>'
        f'<content type="html">{escape(content)}</content><id>{said.id}</id><link href="{own}"/>'
        f"<updated>{moment}</updated><published>{moment}</published><title>{escape(said.title)}</title></entry>"
    )
