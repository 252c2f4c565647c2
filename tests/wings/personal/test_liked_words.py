"""Words that speak for and against papers: what is learned, and that the browser's script learns the same."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hotpapers.wings.personal import packing, vectors
from hotpapers.wings.personal.own_order import ALLOWED, LikedWords, closeness_to_liked, learn_words
from hotpapers.wings.personal.vectors import WHOLE, WeighedVector, weigh_vector
from tests.wings.personal.test_vectors import CATEGORIES, TEXTS, in_browser, made_up, thousand_papers


def vectors_of(*texts: str) -> list[WeighedVector]:
    return [weigh_vector(dict.fromkeys(text.split(), 20)) for text in texts]


def values(papers: Sequence[WeighedVector], words: LikedWords) -> list[int]:
    return [closeness_to_liked(paper, words) for paper in papers]


def test_words_that_many_other_papers_have_count_less() -> None:
    stars = vectors_of("model spin", "model lattice")
    others = vectors_of("spin tea", "model cup", "model pot", "model oven", "model kettle")
    alone, words = learn_words(stars, []), learn_words(stars, others)
    assert words.weights["model"] < alone.weights["model"] and words.weights["lattice"] > alone.weights["lattice"]
    assert words.weights["kettle"] < 0 < words.weights["spin"] and "kettle" not in alone.weights
    assert 0 < max(values(others, words)) < min(values(stars, words)) < WHOLE
    assert values(vectors_of("kettle", "sieve"), words) == [0, 0]


def test_without_stars_nothing_is_near() -> None:
    others = vectors_of("spin tea", "")
    assert values(others, learn_words([], others)) == [0, 0] == values(others, learn_words(vectors_of(""), others))


def test_the_order_of_other_papers_changes_little() -> None:
    papers = [weigh_vector(vectors.vector_of(*text)) for text in thousand_papers()]
    stars, others = papers[:10], papers[10:]
    shuffled = Random(1).sample(others, len(others))
    pairs = zip(values(papers, learn_words(stars, others)), values(papers, learn_words(stars, shuffled)), strict=True)
    assert max(abs(value - shuffled_value) for value, shuffled_value in pairs) < ALLOWED * WHOLE / 3


def test_the_browser_learns_the_same() -> None:
    texts = enumerate([*TEXTS, *made_up(150), *thousand_papers()[:250], ("Kettles", "")])
    papers = {f"2611.{n:05}": vectors.vector_of(*text, CATEGORIES[: n % 5]) for n, text in texts}
    days = [{paper: papers[paper] for paper in part} for part in (list(papers)[:180], list(papers)[180:])]
    starred = [*list(papers)[:25], *list(papers)[200:215]]
    code = """const files = input.days.map((day) => paperVectors.dayFile(JSON.parse(day.slice(15, -3))));
    const home = (id) => files.find(({ packed }) => packed.has(id));
    const stars = input.starred.map((id) => ({ id, words: paperVectors.unpack(home(id), id) }));
    const { near, likes, pulls } = paperVectors.learn(stars, files);
    const weights = files.flatMap((file) => file.words.map((word, place) => [word, likes.get(file)[place]]));
    console.log(JSON.stringify({ near: [...near], weights, pulls: [...pulls] }));"""
    scripts = [packing.vector_script("2026-11-20", day).decode() for day in days]
    calculated = in_browser(code, {"days": scripts, "starred": starred})
    others = {paper: weigh_vector(papers[paper]) for paper in sorted(papers) if paper not in starred}
    words = learn_words([weigh_vector(papers[paper]) for paper in starred], list(others.values()))
    assert calculated["pulls"] == words.pulls and max(words.pulls) > 0
    assert {word: weight for word, weight in calculated["weights"] if weight} == {
        word: weight for word, weight in words.weights.items() if weight
    }
    near = [closeness_to_liked(vector, words) for vector in others.values()]
    assert calculated["near"] == [[paper, value] for paper, value in zip(others, near, strict=True)]
    assert near.count(0) < len(near) / 2
