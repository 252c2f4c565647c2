"""The parts of docs/examples/rebuild.py whose rules need many papers or words, against the program."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import DAY, Paper, Post, Price, VoiceHistogram
from hotpapers.base.papers.mentions.stock_words import ADVERTISING, RUN_ON, SIGN_WORDS, WORDS
from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.discussion.moderation.quotation_policy import is_reply_to_other
from hotpapers.issues import quotations
from hotpapers.issues.forecasts import Curve, forecasts_of
from hotpapers.issues.ranking.price import MAX_PRICE, PriceList
from tests.cli.rebuild_program import load_program

NETWORKS, ARCHIVES, AGES = ("bluesky", "x"), ("cs", "hep-th", "nlin", "math", ""), (24, 72)
builtins: Any = msgspec.to_builtins

# ---- prices -------------------------------------------------------------------------------------------------

# Few and many papers, also more than are enough to be compared with, and voices around the highest price
counts = st.dictionaries(
    st.one_of(st.integers(1, 40), st.sampled_from((300, MAX_PRICE - 1, MAX_PRICE, MAX_PRICE + 1, 2**53 - 1))),
    st.one_of(st.integers(1, 9), st.integers(400, 600)),
    max_size=6,
)  # fmt: skip
histograms = st.builds(
    lambda network, age, archive, counts: VoiceHistogram(network, age, archive, tuple(sorted(counts.items()))),
    st.sampled_from(NETWORKS), st.sampled_from(AGES), st.sampled_from(ARCHIVES), counts,
)  # fmt: skip
peers = st.lists(histograms, max_size=6, unique_by=lambda peer: (peer.network, peer.age, peer.archive))
leasts = st.builds(Price, st.sampled_from((0, 3)), st.sampled_from((0, 2)))


@given(peers, st.one_of(st.integers(0, 3000), st.integers(0, 9000)), st.sampled_from(ARCHIVES), leasts, st.booleans())
def test_prices(peers: list[VoiceHistogram], score: int, archive: str, least: Price, knows: bool) -> None:
    expected = builtins(PriceList(peers, AGES, known=knows).price(score, archive, least))
    prices = load_program("rebuild_rest").Prices(builtins(peers), AGES, knows)
    assert prices.price(score, archive, builtins(least)) == expected


# ---- forecasts ----------------------------------------------------------------------------------------------


@st.composite
def curves(draw: st.DrawFn) -> list[Curve]:
    """Several hundred curves of some weeks, in a few sizes; in some fields all grow alike."""
    random = Random(draw(st.integers(0, 10**9)))
    sizes = draw(st.lists(st.integers(0, 40), min_size=1, max_size=5))
    most, weeks = draw(st.sampled_from((0, 1, 7, 500))), draw(st.integers(1, 12))
    return [
        Curve(
            random.choice(NETWORKS), random.choice(ARCHIVES), random.choice((6, 24)),
            19_700 + random.randrange(7 * weeks), voices, voices + random.randint(0, most),
        )
        for _ in range(draw(st.sampled_from((70, 300, 900))))
        for voices in [random.choice(sizes)]
    ]  # fmt: skip


@given(curves(), st.lists(st.integers(0, 90), min_size=1, max_size=5))
def test_forecasts(curves: list[Curve], voices: list[int]) -> None:
    as_of = 30 * DAY
    rows = {
        f"{archive} {number}": [
            Engagement(
                paper="", announced_at=as_of - DAY, age=24, until=as_of, peer=1, network=network, archive=archive,
                voices=number, reposts=0, likes=0, bots=0, known=None, authors=0, counted=0,
            )
            for network in NETWORKS
        ]
        for archive in ARCHIVES
        for number in voices
    }  # fmt: skip
    expected = forecasts_of(curves, rows, as_of)
    rows_of_curves = [(c.network, c.age, c.archive, c.day, c.voices, c.later) for c in curves]
    table = load_program("rebuild_rest").Forecasts(rows_of_curves)
    for name, forecasts in expected.items():
        archive, number = name.rsplit(" ", 1)
        assert [table.forecast(network, 24, archive, int(number)) for network in NETWORKS] == list(builtins(forecasts))


# ---- quotations ---------------------------------------------------------------------------------------------

TITLE, ABSTRACT = "On Transformers of Größe and Naïve Bayes", "We show that knitting helps clocks to keep their time."
PIECES = st.one_of(
    st.sampled_from((*sorted(WORDS)[::40], *SIGN_WORDS, *ADVERTISING, *TITLE.split(), "transformer", "Ada", "EXAMPLE")),
    st.sampled_from(("#tag", "@ada", "＃tag", "cs.LG", "(hep-th).", "2403.00001", "https://example.org/a", "a.org/b")),
    st.sampled_from(("knitting helps clocks to", "keep their time", "sparkling", "own", "$\\beta$", "S\\'avio")),
    st.text(st.one_of(st.sampled_from(f"{RUN_ON}!~@#aÉﬁ²ſ\n "), st.characters(codec="utf-8")), max_size=6),
)  # fmt: skip
texts = st.lists(PIECES, max_size=14).flatmap(
    lambda parts: st.sampled_from((" ", "", "\n")).map(lambda s: s.join(parts))
)
papers = st.sampled_from(
    (
        None,
        *(
            Paper(paper="arxiv:1", title=t, authors=("Ada Éxample",), abstract=ABSTRACT, observed_at=1)
            for t in (TITLE, "")
        ),
    )
)


@given(texts, papers)
def test_words_of_ones_own(text: str, paper: Paper | None) -> None:
    expected = quotations.remark_words(text, paper)
    assert load_program("rebuild_quotes").remark(text, builtins(paper) if paper else {}) == expected


handles = st.sampled_from(("", "ada", "Ada@made.up", "bo", "ada@other.up"))
replies = st.builds(
    Post,
    post=st.just("x:1"),
    network=st.sampled_from(("bluesky", "mastodon", "x", "hackernews", "reddit", "feeds")),
    account=st.sampled_from(("", "bluesky:did:plc:ada", "mastodon:ada")),
    created_at=st.just(1),
    text=st.builds(
        "{}{} {}".format, st.sampled_from(("", " ", "by ")), st.one_of(handles.map("@{}".format), handles), texts
    ),
    handle=handles,
    reply_to=st.sampled_from(("", "", "bluesky:at://did:plc:ada/app/1", "bluesky:at://did:plc:bo/app/1", "mastodon:2")),
    observed_at=st.just(1),
)


@given(replies)
def test_replies_to_others(post: Post) -> None:
    assert load_program("rebuild_quotes").is_reply(builtins(post)) == is_reply_to_other(post, {})
