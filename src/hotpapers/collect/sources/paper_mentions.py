"""Shared by sources: the papers that a post names, with the evidence, as mentions and verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hotpapers.base.model import Account, Item, Judgement, Mention, Post, TextLink, Verdict
from hotpapers.base.papers.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.base.papers.mentions.title_mismatch import other_title

MAX_TEXT_CHARS = 100_000
"""Characters of a text that are searched."""


def mentions_of(
    post: str, at: int, text: str, links: Iterable[TextLink | str] = (), names: PaperIndex = NO_NAMES
) -> list[Mention]:
    """One mention for each paper that a post names, by the strongest evidence: its identifier in a link (facets, cards,
    anchors), else in the text, else another name of a known paper."""
    targets = [link if isinstance(link, str) else link.target for link in links]
    by_id = mentions_by_id(post, at, text, targets, names)
    by_paper = {mention.paper: mention for mention in by_id}
    for mention in mentions_by_name(post, at, text, targets, names):
        by_paper.setdefault(mention.paper, mention)
    return list(by_paper.values())


def mentions_by_id(post: str, at: int, text: str, targets: Iterable[str], names: PaperIndex) -> list[Mention]:
    """The papers that a post names by their identifiers, each by the first mention: in links, then in the text."""
    by_paper: dict[str, Mention] = {}
    for place, searched in [*(("link", target) for target in targets), ("text", text[:MAX_TEXT_CHARS])]:
        for paper, version, _, _, form in names.named_by_ids(searched):
            mention = Mention(post=post, paper=paper, form=form, found_in=place, version=version, observed_at=at)
            by_paper.setdefault(paper, mention)
    return list(by_paper.values())


def mentions_by_name(post: str, at: int, text: str, targets: Iterable[str], names: PaperIndex) -> list[Mention]:
    """The papers that a post names without their identifier: by DOI, by a page of their own, or by full title."""
    matches = reversed(names.papers_in(text[:MAX_TEXT_CHARS], targets))
    by_paper = {match.paper: match for match in matches}
    return [
        Mention(post=post, paper=match.paper, form=match.form, found_in=match.found_in, observed_at=at)
        for match in reversed(by_paper.values())
    ]


TITLE_RULE = "words"
"""The rule for posts whose words quote the title of a paper other than the linked one."""


def title_verdicts(
    post_mentions: Iterable[Mention], text: str, names: PaperIndex, *, was_edited: bool = False
) -> list[Verdict]:
    """A verdict if a post's link and words refer to two different papers; none if it links several papers, or none.

    `was_edited`: the post was edited and may have been in doubt before, so a verdict also says if it is not.
    """
    linked = [mention for mention in post_mentions if mention.form != "title"]
    if len(linked) != 1:
        return []
    [paper_linked] = linked
    post = paper_linked.post
    paper = paper_linked.paper
    at = paper_linked.observed_at
    other = other_title(text, names.title_of(paper), names)
    if other is not None:
        reason = f"its words are the title of {other or 'another paper'}"
        return [_verdict(TITLE_RULE, post, paper, "doubtful", reason, at)]
    if was_edited:
        return [_verdict(TITLE_RULE, post, paper, "sound", "edited: its words are no other paper's title", at)]
    return []


def with_papers(
    post: Post,
    links: Iterable[TextLink | str],
    names: PaperIndex,
    counts: Iterable[Item] = (),
    *,
    was_edited: bool = False,
) -> list[Item]:
    """A post, its author's account, its counts and the papers that it names; nothing if it names none, unless it was
    edited: that may have removed them."""
    mentions = mentions_of(post.post, post.observed_at, post.text, links, names)
    return with_mentions(post, mentions, names, counts, was_edited=was_edited)


def with_mentions(
    post: Post, mentions: Sequence[Mention], names: PaperIndex, counts: Iterable[Item], *, was_edited: bool
) -> list[Item]:
    """The same, of a post whose mentions are known."""
    if not (mentions or was_edited):
        return []
    doubts = title_verdicts(mentions, post.text, names, was_edited=was_edited)
    return [post, *author_of(post), *counts, *mentions, *doubts]


def author_of(post: Post) -> list[Account]:
    """The account of a post's author, if it names one."""
    author = Account(account=post.account, handle=post.handle, name=post.name, observed_at=post.observed_at)
    return [author] if post.account else []


EDIT_RULE = "edited"
"""The rule for mentions that an edit removed from a post, or put back."""


def edit_verdicts(
    post: str, named_papers: Collection[str], doubted_papers: Collection[str], mentions: Iterable[Mention], at: int
) -> list[Verdict]:
    """Verdicts from a later observation of a post on the papers it named before: a mention that disappeared is
    doubtful, one that came back is sound.

    `named_papers`: papers that the record has this post mention. `doubted_papers`: those whose last verdict by this
    rule is doubtful. `mentions`: everything that the post names now.
    """
    current_papers = {mention.paper for mention in mentions}
    removed_papers = sorted(set(named_papers) - current_papers - set(doubted_papers))
    returned_papers = sorted(set(doubted_papers) & current_papers)
    verdicts = (
        _verdict(EDIT_RULE, post, paper, "doubtful", "edited: no longer names it", at) for paper in removed_papers
    )
    return [
        *verdicts,
        *(_verdict(EDIT_RULE, post, paper, "sound", "edited: names it again", at) for paper in returned_papers),
    ]


def _verdict(rule: str, post: str, paper: str, judgement: Judgement, reason: str, at: int) -> Verdict:
    return Verdict(subject=post, about=paper, rule=rule, judgement=judgement, version=1, reason=reason, observed_at=at)


def gone_post(network: str, key: str, at: int, reason: str, created_at: int = 0) -> Post:
    """The observation that a post no longer exists, and nothing else about it."""
    return Post(post=key, network=network, account="", created_at=created_at, gone=reason, observed_at=at)


def join_title(
    title: str, target: str | None, text: str, links: Iterable[TextLink] = ()
) -> tuple[str, tuple[TextLink, ...]]:
    """A title on one line, linked as a whole, and the text below it with its own links."""
    title = " ".join(title.split())
    if not title:
        return text, tuple(links)
    title_link = (TextLink(0, len(title), target),) if target else ()
    if not text:
        return title, title_link
    start = len(title) + 2
    return f"{title}\n\n{text}", (*title_link, *(TextLink(k.start + start, k.end + start, k.target) for k in links))
