"""Vectors of papers: how they are made, compared and packed, and that the browser's script does the same."""

from __future__ import annotations

import gzip
import io
import json
import random
import shutil
import subprocess
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hotpapers.base.model import Paper
from hotpapers.base.papers import paper_servers
from hotpapers.publish.render.templating import read_asset
from hotpapers.wings.personal import packing, vectors
from tests.base.papers.known_fields import known_fields
from tests.conftest import SHARED

METADATA = SHARED / "data" / "arxiv-metadata.jsonl.zst"
SCRIPT = read_asset("words.js").decode() + Path(vectors.__file__).with_name("vectors.js").read_text("utf-8")
TABLE_BYTES, DAY_BYTES = 300_000, 150_000
"""The most bytes of the table, and of the vectors of a thousand papers, both packed."""

TEXTS = [
    ("Equivariant networks for molecules", "We learn forces of molecules with equivariant networks."),
    ("Schrödinger bridges", r"Bridges by \emph{diffusion} between Poincaré and Schro\u0308dinger, ﬁne-tuned."),
    ("Ｆｕｌｌ width", "molecule 3d 2x x y studies boxes matches losses bus axis ties movies news"),
    ("", ""),
    ("混合専門家", "専門家"),
    ("diffusion " * 40, "bridge " * 9 + "lattice " * 10 + "quark " * 11),
]

CATEGORIES = ["cs.LG", "hep-th", "cond-mat.mtrl-sci", "astro-ph", "math.AG"]


def made_up(count: int) -> list[tuple[str, str]]:
    """Titles and abstracts from the words of the table, common ones more often."""
    chance = random.Random(count)
    words = list(vectors.word_levels())
    return [(" ".join(_some(chance, words, 8)), " ".join(_some(chance, words, 110))) for _ in range(count)]


def _some(chance: random.Random, words: list[str], count: int) -> list[str]:
    return [words[int(len(words) * chance.random() ** 3)] for _ in range(count)]


def thousand_papers() -> list[tuple[str, str]]:
    if not METADATA.exists():
        return made_up(1000)
    with METADATA.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(file), "utf-8")
        return [
            (paper["title"], paper["abstract"]) for paper, _ in zip(map(json.loads, lines), range(1000), strict=False)
        ]


def in_browser(code: str, inputs: Any) -> Any:
    """What the script's functions make of inputs, by Node.js."""
    if (node := shutil.which("node")) is None:
        pytest.skip("needs Node.js")
    program = f"{SCRIPT}\nconst input = JSON.parse(require('fs').readFileSync(0, 'utf-8'));\n{code}"
    done = subprocess.run(
        [node, "-e", program], input=json.dumps(inputs).encode(), capture_output=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_rare_words_count_most() -> None:
    vector = vectors.vector_of(*TEXTS[0])
    assert list(vector)[:2] == ["equivariant", "molecule"] and vector["equivariant"] == vectors.MAX_WEIGHT
    assert vector["learn"] < vector["force"] < vector["molecule"] and "we" not in vector and "for" not in vector


def test_a_vector_is_bounded() -> None:
    for title, abstract in [*TEXTS, *made_up(50)]:
        vector = vectors.vector_of(title, abstract)
        assert len(vector) <= vectors.TERMS and all(1 <= weight <= 63 for weight in vector.values())
    assert vectors.vector_of("", "") == vectors.vector_of("混合", "専") == {}


def test_words_have_neither_accents_nor_commands() -> None:
    assert vectors.words_of(r"Poincaré ﬁne \emph{ball} A b2 ３d Ångström") == [
        "poincare", "fine", "ball", "b2", "angstrom",
    ]  # fmt: skip


def test_closeness_is_the_cosine_in_ten_thousandths() -> None:
    papers = [vectors.weigh_vector(vectors.vector_of(*text)) for text in made_up(40)]
    for paper in papers:
        for other in papers:
            product = sum(weight * other.weights.get(word, 0) for word, weight in paper.weights.items())
            lengths = sqrt(sum(w * w for w in paper.weights.values()) * sum(w * w for w in other.weights.values()))
            assert abs(vectors.vector_closeness(paper, other) - 10_000 * product / lengths) < 1.5
    assert vectors.vector_closeness(papers[0], papers[0]) in (10_000, 10_001)
    assert vectors.vector_closeness(papers[0], vectors.weigh_vector({})) == 0


def test_common_words_are_those_that_bring_papers_closest() -> None:
    assert vectors.common_words({"a": 9, "b": 5, "c": 60}, {"b": 8, "a": 4, "d": 1}, 5) == ["b", "a"]
    assert vectors.common_words({"a": 1, "cs.LG": 60}, {"a": 1, "cs.LG": 60}, 5) == ["a"]
    assert vectors.common_words({"cs.LG": 60}, {"a": 1, "cs.LG": 60}, 5) == ["cs.LG"]


def test_a_category_of_every_server_is_in_vectors() -> None:
    fields = [field for field in known_fields() if "." in field]
    assert all(field in vectors.vector_of(*made_up(3)[0], [field]) for field in fields)


def test_categories_are_a_fifth_as_long_as_words_and_take_the_place_of_the_last() -> None:
    title, abstract = made_up(3)[0]
    words = vectors.vector_of(title, abstract)
    for categories in (CATEGORIES[:1], CATEGORIES):
        vector = vectors.vector_of(title, abstract, [*categories, *categories, "no category", "cslg", "cs.lg more"])
        held = categories[: vectors.MAX_CATEGORIES]
        assert list(vector) == [*list(words)[: vectors.TERMS - len(held)], *held]
        length = sqrt(sum(vector[word] ** 2 for word in words if word in vector))
        assert abs(sqrt(sum(vector[name] ** 2 for name in held)) / length - 0.2) < 0.02
    assert vectors.vector_of("", "", CATEGORIES) == {} and not any(map(vectors.is_own_word, words))
    assert vectors.vector_of("quark spin", "lattice") == vectors.topic_vector_of("quark spin", "quark spin lattice")


def test_a_day_is_unpacked_as_it_was_packed() -> None:
    papers = {
        f"2611.{n:05}": dict(vectors.vector_of(*text, CATEGORIES[: n % 5]))
        for n, text in enumerate([*TEXTS, *made_up(200)])
    }
    assert packing.vectors_in(packing.vector_script("2026-11-20", papers)) == papers


@pytest.mark.parametrize("length", [24, 41, 160])
def test_a_paper_has_an_id_as_long_as_its_doi(length: int) -> None:
    id = f"10.123456789/{'q' * length}"
    assert paper_servers.is_paper_key(f"doi:{id}")
    vector = dict(vectors.vector_of(*TEXTS[0], ()))
    assert packing.vectors_in(packing.vector_script("2026-11-20", {id: vector})) == {id: vector}
    paper = Paper(paper=f"doi:{id}", title="Made-up braids", observed_at=0)
    assert packing.papers_in(packing.papers_script("2026-11-20", [paper], {}, {})).keys() == {id}


@pytest.mark.parametrize("text", ["A", "AB", "BA", "B_", "B" + "_" * 9 + "A", "B" + "BB" * 41, "BB!"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"packed vector|substring"):
        vectors.unpack_vector(text, ["a"] if text != "B" + "BB" * 41 else [f"w{n}" for n in range(90)])


def test_a_thousand_papers_take_little_room() -> None:
    papers = {f"2611.{n:05}": vectors.vector_of(*text) for n, text in enumerate(thousand_papers())}
    assert len(papers) == 1000
    assert 50_000 < len(gzip.compress(packing.vector_script("2026-11-20", papers), 6, mtime=0)) <= DAY_BYTES


def test_the_table_takes_little_room() -> None:
    data = vectors.TABLE.read_bytes()
    assert len(gzip.compress(data, 6, mtime=0)) <= TABLE_BYTES
    assert data.startswith(f"version {vectors.VERSION}: 120252 papers".encode())
    words = [word for line in data.decode().splitlines()[1:] for word in line.split()[1:]]
    assert len(words) == len(set(words)) == len(vectors.word_levels()) > 10_000


def test_the_browser_makes_the_same_vectors() -> None:
    texts = [*TEXTS, *made_up(100), *thousand_papers()[:300]]
    code = """const rarity = paperVectors.levels(input.table);
    const vectors = input.texts.map(([title, abstract]) => [...paperVectors.vector(title, abstract, rarity)]);
    console.log(JSON.stringify(vectors));"""
    table = vectors.TABLE.read_text("ascii")
    calculated = in_browser(code, {"table": table, "texts": texts})
    assert calculated == [[list(item) for item in vectors.vector_of(*text).items()] for text in texts]


def test_the_browser_compares_the_same() -> None:
    texts = enumerate([*TEXTS, *made_up(120), ("Kettles", "")])
    papers = {f"2611.{n:05}": vectors.vector_of(*text, CATEGORIES[: n % 5]) for n, text in texts}
    code = """const file = paperVectors.dayFile(JSON.parse(input.slice(15, -3))), ids = [...file.packed.keys()];
    const stars = ids.slice(0, 30).map((id) => ({ words: paperVectors.unpack(file, id) }));
    const placed = (set) => paperVectors.placed(paperVectors.indexed(set), file);
    const every = placed(stars), single = stars.map((star) => placed([star]));
    console.log(JSON.stringify(ids.map((id) => {
      return [paperVectors.highest(every, id), single.map((star) => paperVectors.highest(star, id))];
    })));"""
    calculated = in_browser(code, packing.vector_script("2026-11-20", papers).decode())
    weighed = [vectors.weigh_vector(vector) for vector in papers.values()]
    for paper, (highest, each) in zip(weighed, calculated, strict=True):
        assert each == [vectors.vector_closeness(paper, star) for star in weighed[:30]] and highest == max(each)
