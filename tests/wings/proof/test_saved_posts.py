"""The posts of a saved answer, compared with a store that has the issue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.model import TextLink
from hotpapers.discussion.lanes import NotedLane
from hotpapers.record import Record
from hotpapers.record.identities import find_identities
from hotpapers.wings.proof.site_logs import SiteLogs
from hotpapers.wings.voices.notes import note_lanes
from tests.cli.run import good, run
from tests.issues.made import DAY, moment, paper, write
from tests.wings.proof.logs import NAME
from tests.wings.proof.sample_publication import SamplePublication, publish
from tests.wings.proof.test_saved_answers import POST_FIELDS, answer_of, api, changed_value

Json = dict[str, Any]
LATER = moment(DAY) + 90 * 3_600_000_000


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> SamplePublication:
    return publish(tmp_path_factory.mktemp("published"))


def saved(publication: SamplePublication) -> Json:
    with api(publication.store, SiteLogs(publication.config)) as app:
        answer: Json = json.loads(answer_of(app))
    return answer


def verdict(publication: SamplePublication, answer: Json, folder: Path, store: Path | None = None) -> Json:
    """What `verify` says about an answer, with the publication's own store or another one."""
    (folder / "answer.json").write_text(json.dumps(answer))
    arguments = ("--policy", publication.policy_file, "--store", store or publication.store, "--json")
    [result] = json.loads(run("verify", folder / "answer.json", *arguments).out)
    return dict(result)


def test_an_answer_is_compared_with_the_store(publication: SamplePublication, tmp_path: Path) -> None:
    result = verdict(publication, saved(publication), tmp_path)
    assert (result["verified"], result["compared_with_store"]) == (True, True)
    result = verdict(publication, saved(publication), tmp_path, tmp_path / "none.db")
    assert (result["verified"], result["compared_with_store"]) == (True, False)
    assert not (tmp_path / "none.db").exists()
    output = good("verify", tmp_path / "answer.json", "--policy", publication.policy_file, "--store", tmp_path / "x.db")
    assert output.endswith("no store here has this issue: posts, code, editions and later versions were not compared\n")


def test_a_store_with_another_issue_of_that_day_proves_nothing(publication: SamplePublication, tmp_path: Path) -> None:
    other = publish(tmp_path, witnesses=(), likes=50)
    result = verdict(publication, saved(publication), tmp_path, other.store)
    assert (result["verified"], result["compared_with_store"]) == (True, False)


def forged_value(name: str, value: Any) -> Any:
    """Another value that is possible where the store is not asked."""
    return {"shown": "excerpt", "links": [{"start": 0, "end": 3, "target": "https://elsewhere.example/"}]}.get(
        name, not value if isinstance(value, bool) else value - 1 if isinstance(value, int) else changed_value(value)
    )


@pytest.mark.parametrize("name", sorted(POST_FIELDS - {"shown"}))
def test_each_forged_field_of_a_post_is_named(publication: SamplePublication, tmp_path: Path, name: str) -> None:
    answer = saved(publication)
    forged = answer["entries"][0]["posts"][0]
    forged[name] = forged_value(name, forged[name])
    result = verdict(publication, answer, tmp_path)
    assert result["problems"] == ["arxiv:2405.00001: the response shows another posts"]


def test_forged_facts_of_the_issue_are_named(publication: SamplePublication, tmp_path: Path) -> None:
    answer = saved(publication)
    answer["frozen_at"] += 1
    answer["entries"][0]["withdrawn"] = True
    answer["entries"][1]["posts"], answer["entries"][2]["posts"] = (answer["entries"][n]["posts"] for n in (2, 1))
    answer["lanes"] = [{"title": "Read by friends", "papers": []}]
    assert verdict(publication, answer, tmp_path)["problems"] == [
        "the response shows another frozen_at, lanes",
        "arxiv:2405.00001: the response shows another withdrawn",
        "arxiv:2405.00002: the response shows another posts",
        "arxiv:2405.00003: the response shows another posts",
    ]


def test_a_forgotten_post_may_still_be_in_an_older_answer(tmp_path: Path) -> None:
    """It cannot be compared any more, but there can be no more such posts than were forgotten."""
    publication = publish(tmp_path)
    older_answer = saved(publication)
    good("forget", "bluesky:1", "--yes", "--store", publication.store)
    assert verdict(publication, older_answer, tmp_path)["verified"]
    older_answer["entries"][1]["posts"][0] |= {"post": "bluesky:x", "url": ""}
    assert verdict(publication, older_answer, tmp_path)["problems"] == [
        "arxiv:2405.00002: the response shows another posts"
    ]


def test_honest_answers_of_later_days_are_verified(tmp_path: Path) -> None:
    """With a lane beside the issue, and a later version with another comment."""
    publication = publish(tmp_path)
    with Record(str(publication.store)) as record:
        revised = msgspec.structs.replace(paper(2)[0], version=2, comment="Now with milk", observed_at=LATER)
        write(record, [revised])
        number = find_identities(record.database, ["bluesky:1000"])["bluesky:1000"].number
        note_lanes(record.database, NAME, DAY, [NotedLane("Friends", (number,))])
    answer = saved(publication)
    revised_entry = answer["entries"][1]
    assert (revised_entry["later_version"], revised_entry["comment"]) == (2, "Now with milk")
    assert [lane["title"] for lane in answer["lanes"]] == ["Friends"]
    assert verdict(publication, answer, tmp_path)["problems"] == []
    [problem] = verdict(publication, answer, tmp_path, tmp_path / "none.db")["problems"]
    assert problem == "the response shows another lanes"
    revised_entry["later_version"] = 3
    [problem] = verdict(publication, answer, tmp_path)["problems"]
    assert problem == "arxiv:2405.00002: the response shows another later_version"


def test_a_repository_that_only_posts_link_to_is_honest(tmp_path: Path) -> None:
    address = "https://github.com/tea/cups"
    publication = publish(tmp_path, links=(TextLink(0, 3, address),))
    answer = saved(publication)
    assert answer["entries"][0]["code"] == address
    for store in (publication.store, tmp_path / "none.db"):
        assert verdict(publication, answer, tmp_path, store)["problems"] == []
    answer["entries"][0]["code"] = "https://github.com/evil/cups"
    assert verdict(publication, answer, tmp_path)["problems"] == ["arxiv:2405.00001: the response shows another code"]
