"""Generated networks with known trees, and pairs of texts that are copies or not. The same seed, the same network."""

from __future__ import annotations

import random
from typing import NamedTuple

from hotpapers.base.model import HOUR, Post, ThreadPost

WORDS = (
    "lemma", "bound", "canteen", "harbor", "lantern", "violin", "pebble", "orbit", "kettle", "ribbon", "granite",
    "thimble", "walnut", "meadow", "anchor", "basil", "cobalt", "drizzle", "ember", "fjord", "gravel", "hazel",
    "inlet", "juniper", "kelp", "lichen", "magnet", "nectar", "oyster", "pigeon", "quartz", "raven", "sable",
    "tundra", "umber", "velvet", "willow", "yarrow", "zephyr", "acorn", "bramble", "cedar", "dune", "elm",
)  # fmt: skip
NETWORKS = ("bluesky", "mastodon", "hackernews", "lobsters", "reddit")


class GeneratedNetwork(NamedTuple):
    """Posts as stored, with the true root and the true parent of each."""

    posts: tuple[ThreadPost, ...]
    roots: dict[str, str]
    parents: dict[str, str]


def words(rng: random.Random, least: int = 8, most: int = 20) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(least, most))).capitalize()


def thread_post(
    key: str, *, text: str = "", reply_to: str = "", at: int = 0, voice: int = 0, quotes: str = "", **fields: object
) -> ThreadPost:
    network = key.partition(":")[0]
    post = Post(
        post=key, network=network, account=f"{network}:a{voice}", created_at=at, text=text, reply_to=reply_to,
        quotes=quotes, observed_at=at,
    )  # fmt: skip
    return ThreadPost(
        post,
        parent=reply_to or quotes,
        voice=voice,
        reactions=0,
        answers=0,
        shown="text",
        is_author=False,
        is_regular=False,
        author=0,
        is_quote=False,
    )._replace(**fields)  # type: ignore[arg-type]


def network(seed: int, size: int, missing: float = 0.1, *, is_listed: bool = True) -> GeneratedNetwork:
    """A network of trees. `missing`: the share of answered posts that may not be shown; `is_listed`: the network says
    where they were, as those do whose threads are read; otherwise they are simply not there."""
    rng = random.Random(seed)
    posts: list[ThreadPost] = []
    roots: dict[str, str] = {}
    parents: dict[str, str] = {}
    for n in range(size):
        at = (n + 1) * HOUR
        same = [post for post in posts if rng.random() < 0.9] if rng.random() < 0.8 else []
        parent = rng.choice(same) if same else None
        key = f"{parent.post.network if parent else rng.choice(NETWORKS)}:{n}"
        roots[key] = roots[parent.key] if parent else key
        parents[key] = parent.key if parent else ""
        text = f"{words(rng)} {n}"
        posts.append(
            thread_post(
                key, text=text, reply_to=parents[key], at=at, voice=rng.randrange(1, 60), reactions=rng.randrange(9)
            )
        )
    answered = {post.parent for post in posts if post.parent}
    gone = {key for key in sorted(answered) if rng.random() < missing}
    kept = [_without_words(post) if post.key in gone else post for post in posts if is_listed or post.key not in gone]
    rng.shuffle(kept)
    return GeneratedNetwork(tuple(kept), roots, parents)


def _without_words(post: ThreadPost) -> ThreadPost:
    bare = Post(
        post=post.key, network=post.post.network, account="", created_at=0, gone="deleted",
        observed_at=post.post.observed_at,
    )  # fmt: skip
    return post._replace(post=bare, shown=None)


# ---- copies --------------------------------------------------------------------------------------------------


class TextPair(NamedTuple):
    """Two posts, and whether they are copies."""

    first: ThreadPost
    other: ThreadPost
    are_copies: bool


def text_pairs(seed: int, count: int) -> list[TextPair]:
    """Pairs of posts, half of them copies: as networks and bridges change texts, cut and uncut."""
    rng = random.Random(seed)
    return [_copy(rng, n) if n % 2 else _no_copy(rng, n) for n in range(count)]


def _pair(n: int, texts: tuple[str, str], voices: tuple[int, int], networks: tuple[str, str], are: bool) -> TextPair:
    first, other = (
        thread_post(f"{network}:{n}-{k}", text=text, at=n * HOUR + k, voice=voice)
        for k, (text, voice, network) in enumerate(zip(texts, voices, networks, strict=True))
    )
    return TextPair(first, other, are)


def _copy(rng: random.Random, n: int) -> TextPair:
    text = words(rng, 10, 40)
    is_twin = rng.random() < 0.5
    copied = rng.choice((
        text, text.upper(), f"{text} https://example.org/{n}", f"{text}!", text.replace(" ", "\n", 2),
        f"@ada@one.example {text}", f"“{text}”", f"{text[:50].rstrip()} ...",
        f"{text[: rng.randint(48, 60)].rstrip()}… https://example.org/{n}",
    ))  # fmt: skip
    voices = (n + 1, n + 1 if is_twin else n + 100_000)
    return _pair(n, (text, copied), voices, ("bluesky", "mastodon" if is_twin else rng.choice(NETWORKS[:2])), True)


def _no_copy(rng: random.Random, n: int) -> TextPair:
    text, number = words(rng, 10, 30), rng.randint(2, 8)
    other = rng.choice((
        words(rng, 10, 30), f"{text} and yet {words(rng, 3, 9)}", f"{text} {number + 1}",
        " ".join(reversed(text.split())), f"{words(rng, 2, 4)} {text}", f"{text[:30]}…",
    ))  # fmt: skip
    texts = (f"{text} {number}" if other.endswith(str(number + 1)) else text, other)
    networks = (rng.choice(NETWORKS[:2]), rng.choice(NETWORKS[:2]))
    return _pair(n, texts, (n + 1, n + 100_000), networks, False)
