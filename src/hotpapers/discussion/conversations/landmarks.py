"""The first critic, question and answer in a paper's conversations, by plain rules that pages tell. Pure.

    question   its words end with a question mark, apart from addresses, hashtags and signs after it
    answer     the first reply to a question by somebody else; an author's counts before others'
    critic     not an author, and one of `OBJECTIONS` is among its words, not denied

No rule looks for a feeling: *wrong* in praise counts unless one of the three words before denies it. An objection in
other words does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from hotpapers.base.model import Landmarks, ThreadNode, ThreadPost

MAX_CHARS = 3_000
"""Characters of a post that are searched for objections."""
MAX_END_CHARS = 400
"""Characters of a post's end that are looked at for a question mark."""
OBJECTIONS = (
    "wrong", "incorrect", "mistake", "mistaken", "flaw", "flawed", "misleading", "overstated", "overclaims?",
    "doubt", "doubtful", "not convinced", "unconvinced", "unconvincing", "disagree", "contradicts?",
    "does not hold", "doesn['’]t hold", "fails? to", "failed to", "not reproduce", "cannot reproduce",
    "[a-z]+n['’]t reproduce", "not replicate", "cannot replicate", "[a-z]+n['’]t replicate", "cherry-picked",
    "falsch", "ein fehler", "zweifle", "irreführend", "une erreur", "faux", "trompeur", "je doute", "un error",
    "equivocado", "engañoso", "dudo", "errado", "enganoso", "duvido", "sbagliato", "dubito",
)  # fmt: skip
"""Words of objection, as patterns."""
OBJECTIONS_WITHOUT_SPACES = ("間違", "誤り", "疑問だ", "错误", "錯誤", "质疑", "質疑")

_OBJECTION = re.compile(rf"\b(?:{'|'.join(OBJECTIONS)})\b|{'|'.join(OBJECTIONS_WITHOUT_SPACES)}", re.IGNORECASE)
_DENIED = re.compile(r"(?:\b(?:no|not|nothing|never|nor|without)|n['’]t)(?:\s+\w+){0,2}\s+\Z")
MAX_DENIED_CHARS = 40
"""Characters before a word of objection in which it may be denied."""
_FRAGMENTS = {max(re.split(r"\W", pattern), key=len).rstrip("s") for pattern in OBJECTIONS}
"""The longest part without signs of each pattern: most words contain none of them, which is quicker to find out."""
_TRAILER = re.compile(
    r"(?:(?:^|\s)(?:[#@＃][^\s?？؟⁇]+|https?://\S+|(?:arxiv:|(?:[\w-]+\.)+[^\W\d]{2,}/)[^\s?？؟⁇]\S*)|[^\w?？؟⁇]+)\Z",
    re.IGNORECASE,
)
"""A hashtag, name, address, also as networks shorten it, or signs, at the end of a text."""
_QUESTION_MARK = re.compile(r"[?？؟⁇]")


def first_posts(walked: Iterable[ThreadNode]) -> Landmarks:
    """The first post of each kind among the posts of trees, by time."""
    nodes = [node for node in walked if node.post]
    nodes.sort(key=attrgetter("began_at", "key"))
    posts = [node.post for node in nodes if node.post]
    questions = [node for node in nodes if node.post and not node.post.is_author and is_question(node.post)]
    answers = [(answer, question.post) for question in questions for answer in _answers_to(question)]
    answers.sort(key=lambda pair: (not pair[0].is_author, pair[0].post.created_at, pair[0].key))
    objection = first_objection(posts)
    first_question = questions[0].post if questions else None
    return Landmarks(objection, first_question, *(answers[0] if answers else ()))


def _answers_to(question: ThreadNode) -> Iterator[ThreadPost]:
    """The replies of others to a question that have words."""
    askers = {post.voice for post in question.posts}
    for reply in question.replies:
        post = reply.post
        if post and not post.is_quote and post.shown != "link" and post.voice not in askers:
            yield post


def is_question(post: ThreadPost) -> bool:
    """Whether a post ends with a question mark."""
    if post.shown == "link":
        return False
    text = post.post.text[-MAX_END_CHARS:].rstrip()
    if not _QUESTION_MARK.search(text):
        return False
    while match := _TRAILER.search(text):
        text = text[: match.start()]
    return _QUESTION_MARK.match(text[-1:]) is not None


def first_objection(posts: Sequence[ThreadPost]) -> ThreadPost | None:
    """The first post in which somebody other than an author uses a word of objection."""
    by_others = [post for post in posts if not post.is_author and post.shown != "link"]
    texts = [post.post.text[:MAX_CHARS].casefold() for post in by_others]
    words = "\n".join({word for text in texts for word in text.split()})
    present = [text for text in (*_FRAGMENTS, *OBJECTIONS_WITHOUT_SPACES) if text in words]
    for post, text in zip(by_others, texts, strict=True) if present else ():
        if any(map(text.__contains__, present)) and _objects(text):
            return post
    return None


def _objects(text: str) -> bool:
    """Whether a text has a word of objection that no word shortly before it denies: nothing is wrong, no doubt."""
    starts = [match.start() for match in _OBJECTION.finditer(text)]
    return any(not _DENIED.search(text, max(start - MAX_DENIED_CHARS, 0), start) for start in starts)
