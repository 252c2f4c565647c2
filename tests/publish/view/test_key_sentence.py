"""The key sentence of an abstract: on made-up abstracts, on any text, and counted on real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Paper
from hotpapers.base.text.tex_formulas import find_formulas
from hotpapers.publish.view import phrases
from hotpapers.publish.view.key_sentence import (
    LOSES,
    RULE,
    TELLS,
    TOO_LONG,
    key_sentence,
    name_in,
    sentence_points,
    split_sentences,
)
from hotpapers.wings.classic import format as classic
from tests.publish.render.build import paper

SCENE = "Kettles are widely used in many kitchens."
FILLER = "It has been received with much joy by everybody who drinks tea of any sort."

CASES = {
    "what was made, not the scene": (
        f"{SCENE} However, existing kettles remain noisy. We introduce Hush, a kettle that boils without a sound. "
        "Experiments on four stoves show a gain of 12%. Our code is available at https://hush.example.",
        "We introduce Hush, a kettle that boils without a sound.",
    ),
    "who begins with it": (
        "We present a map of all tea rooms in the old town. Extensive experiments show that it beats memory by 30%.",
        "We present a map of all tea rooms in the old town.",
    ),
    "what was found": (
        f"{SCENE} It is not well understood why lids rattle. We show that lids rattle at twice the rate of spoons. "
        "We hope that cooks will listen.",
        "We show that lids rattle at twice the rate of spoons.",
    ),
    "a paper that speaks of itself": (
        f"{SCENE} This paper surveys ninety years of spout design. {FILLER}",
        "This paper surveys ninety years of spout design.",
    ),
    "the thing that the title names": (
        f"{SCENE} We propose to weigh the steam. We propose Brew, which weighs the steam. {FILLER}",
        "We propose Brew, which weighs the steam.",
    ),
    "what goes on is passed over": (
        f"{SCENE} Moreover, we propose a second handle. We propose a first handle. {FILLER}",
        "We propose a first handle.",
    ),
    "a question is no answer": (
        "Can a kettle be taught to sing in tune with its owner? A choir of kettles sang for a week in our hall. "
        "They are happy.",
        "A choir of kettles sang for a week in our hall.",
    ),
    "of equals the first": ("Kettles boil the water here. Kettles boil the water too.", "Kettles boil the water here."),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_sentence_that_tells_the_most(name: str) -> None:
    abstract, expected = CASES[name]
    assert key_sentence(abstract, "Brew: Weighing What Rises") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three! Four", ["One.", "Two?", "Three!", "Four"]),
        ("Smith et al. Show it, e.g. Here, cf. Fig. 3 vs. A. B. Cook.", None),
        ("We take $x. Y = 1. Z$ as given. It works.", ["We take $x. Y = 1. Z$ as given.", "It works."]),
        (r"Let \(a. B\) be. Then \[c. D\] is.", [r"Let \(a. B\) be.", r"Then \[c. D\] is."]),
        ('He said "boil." She did. (So they say.) Good.', ['He said "boil."', "She did.", "(So they say.)", "Good."]),
        ("We built iKettle. mT5 knows. eBay sells.", ["We built iKettle.", "mT5 knows.", "eBay sells."]),
        ("Version 2.5 of it is 3.1 times as loud.", None),
    ],
)
def test_sentences(text: str, expected: list[str] | None) -> None:
    assert split_sentences(text) == (expected or [text])


@pytest.mark.parametrize(
    ("title", "name"),
    [("Brew: Weighing", "Brew"), ("Two Words: No", ""), ("A: Too Short", ""), ("NoColon", ""), ("GPT-9: Tea", "GPT-9")],
)
def test_the_name_in_a_title(title: str, name: str) -> None:
    assert name_in(title) == name


def points_of(sentence: str, number: int, count: int) -> int:
    more = [points for points, pattern in (*TELLS, *LOSES) if pattern.search(sentence.lower())]
    return sentence_points(sentence, number, count, "") + sum(more)


def test_length_counts() -> None:
    easy, long, endless = (f"We tea {'leaf ' * number}now." for number in (20, 60, 90))
    assert points_of(easy, 1, 3) > points_of(long, 1, 3) > points_of(endless, 1, 3)
    assert points_of("Tea.", 1, 3) < points_of("Tea is what the kettle in the hall was for.", 1, 3)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400) | st.text(alphabet="aB .$\\()[]?!1", max_size=400))
def test_any_text_gives_a_part_of_itself_and_no_formula_is_cut(text: str) -> None:
    line = phrases.one_line(text)
    parts = split_sentences(line)
    assert " ".join("".join(parts).split()) == "".join(parts)
    assert "".join("".join(parts).split()) == "".join(line.split())
    sentence = key_sentence(line, title="")
    ranks = [(-points_of(part, n, len(parts)), n) for n, part in enumerate(parts)]
    assert sentence == (parts[min(ranks)[1]] if ranks else "")
    assert sentence in parts or (sentence == "" and not parts)
    start = line.find(sentence)
    for piece in find_formulas(line):
        assert not (start < piece.start < start + len(sentence) < piece.end)
    assert key_sentence(line, title="") == sentence


def test_a_text_as_long_as_anybody_likes_is_read_in_no_time() -> None:
    for text in ("We show ", "$", ". A", "a.", r"\begin{align}", "e.g. ", '."'):
        assert len(key_sentence(text * 100_000, title="")) <= 20_000


# ---- how pages explain it --------------------------------------------------------------------------------

LONG = f"{SCENE} We introduce Hush, a kettle that boils without a sound. {FILLER * 5}"


def test_a_lead_says_where_it_comes_from() -> None:
    short_paper = paper("2101.99901", "Short", "Kettles were asked.")
    assert phrases.opening(short_paper) == phrases.Opening("Kettles were asked.", "", "")
    long_paper = paper("2101.99901", "Long", LONG)
    lead = "We introduce Hush, a kettle that boils without a sound."
    assert phrases.opening(long_paper) == phrases.Opening(lead, "from the abstract", LONG)
    human_paper = paper("2101.99901", "Told", LONG, summary="Asks kettles.")
    assert phrases.opening(human_paper) == phrases.Opening("Asks kettles.", "", LONG)
    summary = phrases.signed_sentence("Kettles hush.", "tea-7b", "2026-11-20")
    machine_paper = paper("2101.99901", "Told", LONG, summary=summary)
    assert phrases.opening(machine_paper) == phrases.Opening(
        "Kettles hush.", "machine-written, tea-7b, 2026-11-20", LONG
    )


def test_a_sentence_without_an_end_gives_its_first_words() -> None:
    endless_paper = paper("2101.99901", "Endless", "We show that " + "tea and " * 100 + "tea.")
    lead, _, rest = phrases.opening(endless_paper)
    assert lead.endswith(" …") and len(lead) < TOO_LONG and rest == endless_paper.abstract


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_machines_mark_stays_on_its_words(text: str, model: str) -> None:
    summary = phrases.signed_sentence(text or "x", model, "2026-11-20")
    unsigned, mark = phrases.split_mark(summary)
    assert unsigned == (text or "x") and mark.startswith("machine-written, ") and mark.endswith(", 2026-11-20")


def test_what_only_looks_like_a_mark_is_none() -> None:
    for text in ("Kettles (machine-written)", "Kettles (machine-written, x, soon)", "Kettles"):
        assert phrases.split_mark(text) == (text, "")


@pytest.mark.long
def test_on_real_abstracts_it_differs_from_the_first_sentence_as_it_was_counted(shared: Path) -> None:
    """Judged by hand on fifty abstracts: better than the first sentence 33 times, the same or as good 15 times, worse
    twice. Only the count is tested: how often of 2,543 it is another sentence."""
    papers: dict[str, Paper] = {}
    for file in sorted((shared / "archive" / "posts").glob("*.md")):
        text, _ = classic.decode_file(file.read_bytes())
        for item in classic.parse_classic(text).items:
            if item.abstract.strip():
                papers[str(item.paper)] = paper(str(item.paper), item.title, " ".join(item.abstract.split()))
    pairs = [
        (key_sentence(listed_paper.abstract, listed_paper.title), split_sentences(listed_paper.abstract)[0])
        for listed_paper in papers.values()
    ]
    count = sum(key != first for key, first in pairs)
    assert RULE == "telling/1" and len(papers) > 2500
    assert 0.75 < count / len(papers) < 0.85
    assert sum(len(key) > TOO_LONG for key, _ in pairs) <= 10
