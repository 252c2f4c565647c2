"""A ranking by the network where a paper is loudest, and issues as plain text."""

from operator import attrgetter

from hotpapers.base.model import RenderedFile, ScoreComponent
from hotpapers.issues.ranking.scoring import ordered


def rank(inputs):
    """`loudest/1`: the reposts and likes of the network that has most of them."""
    by_score = attrgetter("score")
    return ordered(inputs, lambda candidate: tuple(sorted(map(_part, candidate.attention), key=by_score)[-1:]))


def _part(attention):
    return ScoreComponent(
        network=attention.network, rule="classic", score=attention.reposts + attention.likes,
        voices=attention.voices, papers=0, atleast=0, among="", age=attention.age, until=attention.until,
    )  # fmt: skip


class TextChannel:
    """One file for each issue, with each paper's title, score and quotations."""

    name = "text"

    def __init__(self, site_config):
        """The format has no room for the publisher."""

    def render(self, issue_reader, publication, days):
        """The files of these days."""
        for day in days:
            issue, lines = issue_reader.issue(publication, day), []
            for entry in issue.content.entries:
                lines.append(f"{entry.place}. {issue.papers[entry.paper].title} ({entry.score})")
                lines += [f"   {quotation.post.text}" for quotation in issue.posts[entry.paper]]
            yield RenderedFile(f"{day}.txt", "\n".join([*lines, ""]).encode())
