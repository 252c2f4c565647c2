"""A post whose link and words point to different papers is not shown under the paper it links to."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base.model import Issue, Mention, Post, Verdict
from hotpapers.issues import freeze
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record import Record
from tests.cli.run import good
from tests.issues.made import DAY, background, frozen, judged, moment, paper, post, posts_about, write

AT = moment(f"{DAY}T02:00")


def test_a_doubtful_post_is_not_quoted_also_where_an_issue_showed_it(sqlite_url: str) -> None:
    key = "bluesky:said"
    with Record(sqlite_url) as record:
        write(
            record, background(), paper(1), posts_about(1, 60, AT), post(1, key, AT, text="Moss grows quite thick here")
        )
        content = frozen(record).content
        [issue] = [row.item for row in record.view().latest(Issue)]
        paper_key = content.entries[0].paper
        quotations = RecordIssueReader(record).issue("daily", DAY).posts[paper_key]
        assert key in {quotation.post.post for quotation in quotations}
        doubt = judged(key, "doubtful", about=paper_key, rule="words", at=AT)
        record.append([doubt], source="test")
        after = RecordIssueReader(record).issue("daily", DAY).posts[paper_key]
        assert key not in {quotation.post.post for quotation in after} and len(after) == len(quotations) - 1
        assert not list(freeze.check_issue(record, issue))


def test_the_seed_that_embeds_such_a_post(shared: Path, tmp_path: Path) -> None:
    """2021-01-14, place 13: flagged on import; the classic file is reproduced whole, the page omits the post."""
    store = tmp_path / "s.db"
    [seed] = (shared / "seeds" / "restored").glob("2021-01-14*")
    good("import", "classic", seed, "--store", store)
    with Record(str(store)) as record:
        verdicts = [row.item for row in record.view().latest(Verdict)]
        [doubt] = [verdict for verdict in verdicts if verdict.judgement == "doubtful"]
        assert doubt.rule == "words"
        listing = publication_of(record, None)
        freeze.freeze_issue(record, listing, "2021-01-14")
        issue = RecordIssueReader(record).issue(listing.publication, "2021-01-14")
        assert doubt.subject not in {quotation.post.post for quotation in issue.posts[doubt.about]}
        assert doubt.subject in {quotation.post.post for quotation in issue.printed[doubt.about]}
        assert record.count(Post) and record.count(Mention)
    good("publish", "--all", "--to", "classic", "--output", tmp_path / "c", "--store", store)
    [file] = (tmp_path / "c").iterdir()
    assert file.read_bytes() == seed.read_bytes()
