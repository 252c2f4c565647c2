"""Where things are: the paths of the site's own files, and the few addresses outside it that pages link to.

A path is relative to the site's folder, with `/`. An address outside is empty where none is known or none is safe.
"""

from __future__ import annotations

import re

from hotpapers.model import Post

_PAPER = re.compile(r"arxiv:([a-z]+(?:-[a-z]+)*/\d{7}|\d{4}\.\d{4,5})", re.ASCII)
_PAPER_PATH = re.compile(r"paper/(.{9,40})/index\.html")
_ISSUE_PATH = re.compile(r"(\d{4}-\d\d-\d\d)/(?:edition-([1-9]\d{0,3})/)?index\.html", re.ASCII)
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.(?:[A-Z]{2}|[a-z]+(?:-[a-z]+)*))?")

# No user part (it imitates other hosts), no backslash (browsers read it as a slash), nothing invisible.
_UNSEEN = r"\s\x00-\x20\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069"
_OUTSIDE = re.compile(rf"https?://[^{_UNSEEN}/?#@\\]+(?:[/?#][^{_UNSEEN}]*)?", re.IGNORECASE)
LONGEST = 2000
"""Code points of an address that is still made a link."""

# A network's own page of a post, made from the parts of its id.
_POST_PAGES = {
    "x": (r"(\d{1,20})", "https://x.com/i/status/{}"),
    "bluesky": (r"at://(did:[a-z]+:[\w.:-]+)/app\.bsky\.feed\.post/([\w~.:-]+)", "https://bsky.app/profile/{}/post/{}"),
    "hackernews": (r"(\d{1,12})", "https://news.ycombinator.com/item?id={}"),
    "lobsters": (r"([a-z0-9]{6})", "https://lobste.rs/s/{}"),
    "reddit": (r"t3_([a-z0-9]{1,12})", "https://www.reddit.com/comments/{}"),
}


def up(path: str) -> str:
    """The way from a page back to the site's folder: `2021-01-14/index.html` → `../`."""
    return "../" * path.count("/")


def issue_path(day: str, edition: int = 0) -> str:
    """The page of a day's latest edition, or of an earlier one by its number."""
    return f"{day}/edition-{edition}/index.html" if edition else f"{day}/index.html"


def issue_of(path: str) -> tuple[str, int] | None:
    """The other way: day and edition, 0 for the latest; None for a path of another form."""
    match = _ISSUE_PATH.fullmatch(path)
    return (match[1], int(match[2] or 0)) if match else None


def bare(paper: str) -> str:
    """`arxiv:2101.04869` → `2101.04869`; empty for a paper of another server."""
    match = _PAPER.fullmatch(paper)
    return match[1] if match else ""


def paper_path(paper: str) -> str:
    """The page of a paper; empty for a paper of another server."""
    return f"paper/{bare(paper)}/index.html" if bare(paper) else ""


def paper_of(path: str) -> str:
    """The other way: the paper's key; empty for a path of another form."""
    match = _PAPER_PATH.fullmatch(path)
    return f"arxiv:{match[1]}" if match and bare(f"arxiv:{match[1]}") else ""


def abs_url(paper: str) -> str:
    """arXiv's page of a paper."""
    return f"https://arxiv.org/abs/{bare(paper)}" if bare(paper) else ""


def pdf_url(paper: str) -> str:
    """The paper itself."""
    return f"https://arxiv.org/pdf/{bare(paper)}" if bare(paper) else ""


def category_url(category: str) -> str:
    """arXiv's list of a category; empty for what does not look like one."""
    return f"https://arxiv.org/list/{category}/recent" if _CATEGORY.fullmatch(category) else ""


def outside(target: str) -> str:
    """The target of somebody's link, if it is a plain web address; empty otherwise."""
    return target if len(target) <= LONGEST and _OUTSIDE.fullmatch(target) else ""


def post_url(post: Post) -> str:
    """The post's own page on its network."""
    own_id = post.post.partition(":")[2]
    form, page = _POST_PAGES.get(post.network, ("", ""))
    match = re.fullmatch(form, own_id, re.ASCII) if form else None
    return page.format(*match.groups()) if match else outside(own_id)
