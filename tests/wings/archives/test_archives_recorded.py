"""Every recording that an archive could hold is either imported or listed here with the reason why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotpapers.base.errors import InputError
from hotpapers.record import Record
from hotpapers.wings.archives.imported_file import ImportedFile
from tests.wings.archives.archive_helpers import import_one, quarantine_of

ERROR = "an error, not data"
COUNTS = "counts by the hour, not posts"
API_1 = "of API 1.1, which jq converts"
NOT_IMPORTED = {
    "hackernews/algolia_2019_users_pg.json": "a person, not their posts",
    "hackernews/firebase_topstories_first20.json": "only numbers",
    "hackernews/from-docs/firebase_maxitem.json": "only a number",
    "hackernews/from-docs/firebase_updates.json": "only numbers and names",
    "reddit/error_401.json": ERROR,
    "reddit/error_403.json": ERROR,
    "reddit/error_404.json": ERROR,
    "reddit/error_500.json": ERROR,
    "reddit/oauth_token_response.json": "a token",
    "x/from-docs/error_400_invalid_request.json": ERROR,
    "x/from-docs/error_401_unauthorized.json": ERROR,
    "x/from-docs/error_429_too_many_requests.json": ERROR,
    "x/from-docs/error_429_usage_capped.json": ERROR,
    "x/oembed.json": "a post as a page shows it",
    "x/v11_rate_limit_status.json": "limits",
    "x/v11_retweet_response_with_retweeted_status.json": API_1,
    "x/v11_retweets_of_status.json": API_1,
    "x/v11_search_tweets.json": API_1,
    "x/v11_status_show.json": API_1,
    "x/v11_unretweet_response.json": API_1,
    "x/v11_user_timeline.json": API_1,
    "x/v2_archive_counts.jsonl": COUNTS,
    "x/v2_counts_recent.json": COUNTS,
}
CUT = "x/v2_stream_with_error.jsonl"
# The only recordings that name papers: posts, mentions, snapshots.
WITH_PAPERS = {
    "hackernews/algolia_search_AI_points20_2026-08-18.json": (1, 1, 1),
    "hackernews/from-docs/algolia_comment_hit_with_arxiv_link.json": (1, 1, 0),
    "reddit/from-docs/listing_t3_removed_and_crosspost.json": (2, 2, 2),
}


@pytest.fixture
def recordings(shared: Path) -> Path:
    return shared / "recordings"


def names_of(recordings: Path, network: str) -> list[str]:
    """A network's JSON recordings."""
    files = [*recordings.joinpath(network).rglob("*.json"), *recordings.joinpath(network).rglob("*.jsonl")]
    return sorted(file.relative_to(recordings).as_posix() for file in files)


def as_lines(file: Path) -> bytes:
    """A recording with one object per line, as in an archive."""
    content = file.read_bytes()
    return content if file.suffix == ".jsonl" else json.dumps(json.loads(content)).encode() + b"\n"


@pytest.mark.parametrize(("network", "files"), [("hackernews", 43), ("reddit", 20), ("x", 38)])
def test_every_recording_is_taken_in_or_refused_for_a_reason(
    record: Record, recordings: Path, network: str, files: int
) -> None:
    names, results, refusals = names_of(recordings, network), dict[str, ImportedFile](), list[str]()
    for name in names:
        try:
            results[name] = import_one(record, network, as_lines(recordings / name))
        except InputError:
            refusals.append(name)
    assert len(names) == files
    assert refusals == [name for name in NOT_IMPORTED if name.startswith(f"{network}/")]
    assert not quarantine_of(record, network) and not any(result.quarantined for result in results.values())
    assert [name for name, result in results.items() if result.cut] == [CUT] * (network == "x")
    counts_by_name = {
        name: (result.posts, result.mentions, result.snapshots) for name, result in results.items() if result.posts
    }
    assert counts_by_name == {name: counts for name, counts in WITH_PAPERS.items() if name.startswith(f"{network}/")}


JETSTREAM = {"jetstream_v1_golden10.jsonl": 10, "jetstream_v1_same_window_152_events.jsonl": 152}


@pytest.mark.parametrize("name", JETSTREAM)
def test_jetstreams_events(record: Record, recordings: Path, name: str) -> None:
    result = import_one(record, "jetstream", recordings / "bluesky" / "network" / name)
    assert (result.lines, result.quarantined, result.posts) == (JETSTREAM[name], 0, 0)
