"""Hashes of rows, and which posts an issue quotes, by docs/reference/rebuilding.md. Part of rebuild.py."""

import hashlib
import json
import re
import unicodedata
from functools import cache
from pathlib import Path

LISTS = json.loads((Path(__file__).parents[1] / "reference" / "quotes-1.json").read_text("utf-8"))
STOCK, CATEGORIES = frozenset(LISTS["words"]), frozenset(LISTS["categories"])
SIGNS = re.compile("|".join(map(re.escape, LISTS["signs"])))
ADVERTISING = re.compile(rf"\b(?:{'|'.join(map(re.escape, LISTS['advertising']))})\b", re.IGNORECASE)
RUN_ON = f"[{LISTS['run_on']}]"  # characters of scripts without spaces
BETWEEN = re.compile(f"(?<=[!-~])(?={RUN_ON})|(?<={RUN_ON})(?=[!-~])")
TEX, LETTERS = re.compile(r"\\[^\w\s]|[{}$\\]"), re.compile(r"[^\W\d_]+")
PERSONS, WORDS = {"post": ("post", "account", "reply_to", "quotes")}, {"post": ("handle", "name", "text", "links")}


def sha(data):
    return hashlib.sha256(data).hexdigest()


def canonical(value):  # RFC 8785, as all names are ASCII and all numbers whole
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def row_hash(item, row, commitments):
    """The hash of an item. `row`: what stands beside it; `commitments`: those of keys."""
    kind, salt = item["kind"], bytes.fromhex(row.get("salt") or "")
    values = item | {name: commitments.get(item[name], "") for name in PERSONS.get(kind, ())}
    for name in (*PERSONS.get(kind, ()), *WORDS.get(kind, ())):
        if value := values[name]:
            values[name] = sha(salt + (value.encode() if isinstance(value, str) else canonical(value)))
    return sha(canonical(values | (row.get("redacted") or {})))


# ---- which posts are quoted --------------------------------------------------------------------------------


def chosen(rule, posts, paper, frozen):
    """The hashes of the posts that an entry quotes, of `posts` by hash, each with its voice, text number and weight.
    `frozen`: those in the issue, which stay if anything that the rule looks at was forgotten since."""
    if rule and any(is_forgotten(post) for post in posts.values()):
        return [name for name in frozen if name in posts]
    order = sorted(posts, key=lambda name: (-posts[name]["weight"], posts[name]["item"]["created_at"], name))
    if not rule:
        return list(distinct(order, posts))
    assert rule == "quotes/1", f"posts were chosen by {rule}, which is unknown here"
    remarks, quotable = {frozenset()}, []
    for name in order:
        item = posts[name]["item"]
        words = frozenset() if is_reply(item) else remark(item["text"], paper)
        quotable += [name] if words not in remarks else []
        remarks.add(words)
    left = list(distinct(quotable, posts))
    firsts = {posts[name]["item"]["network"]: name for name in reversed(left)}
    return sorted(left, key=lambda name: name not in firsts.values())


def is_forgotten(post):  # the post, its words, or what it replies to
    keys = (post["item"]["post"], post["item"]["reply_to"])
    return bool(post["row"].get("redacted")) or any(key.partition(":")[2].startswith("~") for key in keys)


def distinct(order, posts):  # each voice and each text once
    known = set()
    for name in order:
        marks = {(mark, posts[name][mark]) for mark in ("voice", "text") if posts[name][mark]}
        if not marks & known:
            yield name
            known |= marks


def is_reply(post):
    """Whether a post replies to somebody else."""
    network, text = post["network"], post["text"].lstrip()
    if network in ("hackernews", "reddit"):
        return False
    if post["reply_to"]:
        author = re.match(r"(bluesky:)at://(did:[a-z]+:[\w.:-]+)/", post["reply_to"])
        return (author[1] + author[2] if author else "") != post["account"]
    addressed = re.match(r"@([\w.-]*\w)(?:@([\w.-]*\w))?", text) if network in ("mastodon", "x") else None
    name, _, server = post["handle"].lower().partition("@")
    is_own = addressed and addressed[1].lower() == name and (addressed[2] or server).lower() == server
    return bool(addressed) and not is_own


# ---- words of one's own ------------------------------------------------------------------------------------


def remark(text, paper):
    """A post's own words, if they are worth quoting."""
    text = text[:2000]
    papers, tags = set(re.findall(r"\b\d{4}\.\d{4,5}\b", text)), re.findall(r"(?m)(?:^|\s)[#@＃]\w", text)
    if len(papers) > 3 or len(tags) > 7 or ADVERTISING.search(text):
        return frozenset()
    words = folded(BETWEEN.sub(" ", text)[:2000])
    own = own_words(words, paper)
    beginnings = {word[:6] for word in folded(paper.get("title", "")) if len(word) >= 6}
    terms = frozenset(word for word in own if word not in STOCK and word[:6] not in beginnings)
    return terms if not is_bare(own, words) and sum(map(weight, terms)) >= 4 else frozenset()


@cache
def folded(text):
    """Words without accents, signs, numbers and case; without addresses, tags, names, categories and numbers."""
    text = TEX.sub("", " ".join(word for word in text.split() if not is_passed_over(word)))
    text = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return LETTERS.findall(text.casefold())


def is_passed_over(word):
    is_address = "://" in word or "/" in word.partition(".")[2]
    is_category = word.strip("[]().,:;").casefold() in CATEGORIES
    return word[0] in "#@" or is_address or is_category or any(map(str.isdecimal, word))


def own_words(words, paper):
    """The words that are neither of the paper's title and authors nor in a passage of four words of its abstract."""
    if not paper.get("title"):
        return words
    names = {word for text in (paper["title"], *paper["authors"]) for word in folded(text)}
    own = {n for n, word in enumerate(words) if word not in names}
    if not is_bare([words[n] for n in own], words):
        passages = set(passages_of(folded(paper["abstract"][:4000])))
        own -= {n + k for n, passage in enumerate(passages_of(words)) if passage in passages for k in range(4)}
    return [words[n] for n in sorted(own)]


def passages_of(words):
    return list(zip(words, words[1:], words[2:], words[3:], strict=False))


def is_bare(own, words):  # at most a tenth of the letters are the author's own
    return 10 * sum(map(len, own)) <= sum(map(len, words))


def weight(word):
    return len(SIGNS.sub("", word)) // 2 if re.search(RUN_ON, word) else int(len(word) > 1)
