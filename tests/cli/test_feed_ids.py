"""A paper of an issue has one id in all feeds, as the docs say."""

from __future__ import annotations

import re
from pathlib import Path

from hotpapers.site import demo as week


def test_a_paper_of_an_issue_has_one_id_in_all_feeds(demo_folder: Path) -> None:
    feeds = demo_folder / week.FOLDER / "site" / "feeds"
    ids: dict[tuple[str, str], set[str]] = {}
    for file in (feeds / "papers.atom", *feeds.glob("category/*.atom"), *feeds.glob("network/*.atom")):
        for entry in file.read_text("utf-8").split("<entry>")[1:]:
            named, title = re.search(r"<id>(.+?)</id>", entry), re.search(r"<title[^>]*>(.+?)</title>", entry)
            published = re.search(r"<published>(.+?)</published>", entry)
            assert named and title and published
            ids.setdefault((title[1], published[1]), set()).add(named[1])
    assert len(ids) >= 10 and all(len(names) == 1 for names in ids.values()), ids
