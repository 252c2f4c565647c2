"""Lobsters and Hugging Face: short lists, and single pages with their counts."""

from __future__ import annotations

import datetime
import re
from typing import Any

from hotpapers.model import DAY
from tests.loopback import ids, naming
from tests.loopback.scene import Reply, Request, Scene, iso, json, not_found, utc
from tests.loopback.script import Said, counts, find, latest, there

STORIES = 25
_PAGE = re.compile(r"/domains/arxiv\.org(?:/page/([1-9]\d?))?\.json")
_STORY = re.compile(r"/s/([0-9a-z]{1,8})\.json")
_PAPER = re.compile(r"/api/papers/(\d{4}\.\d{4,5})")
CHICAGO = datetime.timezone(datetime.timedelta(hours=-6))


# ---- Lobsters --------------------------------------------------------------------------------------------


def lobsters(scene: Scene, asked: Request) -> Reply:
    """The newest stories of the domain arxiv.org, page by page; and a story by its short id."""
    story = _STORY.fullmatch(asked.path)
    if story:
        at = ids.made_at("lobsters", story[1])
        said = find(scene.script, "lobsters", story[1], at) if at is not None else None
        return json(_story(scene, said)) if said and there(said, scene.now) else json({"error": "not found"}, 404)
    page = _PAGE.fullmatch(asked.path)
    if not page:
        return not_found()
    start = (int(page[1] or 1) - 1) * STORIES
    stories = [said for said in latest(scene.script, "lobsters", scene.now, 60) if there(said, scene.now)]
    return json(scene.listed(_story(scene, said) for said in stories[start : start + STORIES]))


def score(said: Said, now: int) -> int:
    """A story's score: its likes and one from its submitter."""
    return 1 + counts(said, now).likes


def _story(scene: Scene, said: Said) -> dict[str, Any]:
    made = utc(scene.claims(said.at)).astimezone(CHICAGO)
    return {
        "short_id": said.id, "created_at": made.isoformat(timespec="milliseconds"), "title": said.title,
        "url": naming.targets(said)[0], "score": score(said, scene.now), "flags": 0,
        "comment_count": counts(said, scene.now).replies, "description": f"<p>{said.words}</p>",
        "description_plain": said.words, "submitter_user": said.by.name, "user_is_author": False, "tags": ["math"],
        "short_id_url": f"{scene.base}/s/{said.id}",
    }  # fmt: skip


# ---- Hugging Face ----------------------------------------------------------------------------------------


def huggingface(scene: Scene, asked: Request) -> Reply:
    """The list of a day, most liked first; and a paper's page."""
    page = _PAPER.fullmatch(asked.path)
    if page:
        said = _page(scene, page[1])
        return json(_paper(scene, said)) if said else json({"error": "Paper not found"}, 404)
    if asked.path != "/api/daily_papers":
        return not_found()
    try:
        date = datetime.date.fromisoformat(asked.one("date") or utc(scene.now).date().isoformat())
    except ValueError:
        return json({"error": "Invalid date"}, 400)
    if date > utc(scene.now).date():
        return json({"error": "No such day yet"}, 400)
    day = date.toordinal() - datetime.date(1970, 1, 1).toordinal()
    listed = [said for said in scene.script.said("huggingface", day) if there(said, scene.now)]
    listed.sort(key=lambda said: -counts(said, scene.now).likes)
    start, limit = asked.number("p", 0, 100) * 100, asked.number("limit", 50, 100)
    return json(scene.listed(_daily(scene, said) for said in listed[start : start + limit]))


def _page(scene: Scene, paper: str) -> Said | None:
    """A paper's page, which is created within two days of the announcement."""
    told = scene.script.paper(paper)
    if told is None:
        return None
    first = told.versions[0].submitted // DAY
    pages = (said for day in range(first, first + 12) for said in scene.script.said("huggingface", day))
    return next((said for said in pages if said.id == paper and there(said, scene.now)), None)


def _daily(scene: Scene, said: Said) -> dict[str, Any]:
    paper = _paper(scene, said)
    now = counts(said, scene.now)
    return {"paper": paper, "publishedAt": paper["publishedAt"], "title": said.title, "numComments": now.replies}


def _paper(scene: Scene, said: Said) -> dict[str, Any]:
    told = scene.script.paper(said.id)
    by = {"_id": said.by.id, "user": said.by.name, "name": said.by.name, "fullname": said.by.shown, "type": "user"}
    return {
        "id": said.id, "title": said.title, "summary": told.abstract if told else "",
        "authors": [{"name": name, "hidden": False} for name in (told.authors if told else ())],
        "publishedAt": iso(told.versions[0].submitted if told else said.at), "upvotes": counts(said, scene.now).likes,
        "submittedOnDailyAt": iso(scene.claims(said.at)), "submittedOnDailyBy": by,
    }  # fmt: skip
