"""A saved answer of the API: whether what it shows of an issue is what its content and the papers' metadata say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hotpapers.model import Paper, Place
from hotpapers.store.commitments import canonical_json

ISSUE_FACTS = (
    "day", "edition", "from_at", "as_of", "position", "ranking", "choice", "compared", "announced", "considered",
    "readings", "earlier", "replaces", "reason",
)  # fmt: skip
"""What an answer tells of an issue as the content has it, but for what is absent there and null here."""
PUBLICATION_FACTS = ("publication", "title", "window")
ENTRY_FACTS = (
    "place", "paper", "score", "voices", "tied", "classic_rank", "announced_at", "counts", "parts", "metadata"
)  # fmt: skip
PAPER_WORDS = ("title", "authors", "categories", "summary", "abstract")
PLACE_WORDS = ("title", "authors", "categories", "abstract")
"""What a listing printed of a paper; an abstract that it did not print is the record's."""

Json = Mapping[str, Any]


def differences(answer: Json, content: Json, metadata: Mapping[str, Paper | Place]) -> Iterator[str]:
    """What an answer shows otherwise than its content and the metadata beside it. `answer` has lists of objects
    `entries` and `ongoing`; `content` has the shape of `IssueContent`."""
    both = {name: (answer, content) for name in ISSUE_FACTS} | {
        name: (answer, content["publication"]) for name in PUBLICATION_FACTS
    }
    yield from (
        f"the answer shows another {name}" for name, (shown, stated) in both.items() if _differ(name, shown, stated)
    )
    for lane in ("entries", "ongoing"):
        if len(answer[lane]) != len(content[lane]):
            yield f"the answer shows {len(answer[lane])} papers in {lane}, the issue has {len(content[lane])}"
        for shown, entry in zip(answer[lane], content[lane], strict=False):
            yield from _entry_differences(shown, entry, metadata)


def _entry_differences(shown: Json, entry: Json, metadata: Mapping[str, Paper | Place]) -> Iterator[str]:
    wrong = [name for name in ENTRY_FACTS if _differ(name, shown, entry)]
    paper = entry["paper"]
    if entry["metadata"] and paper not in metadata:
        yield f"{paper}: nothing in the answer proves title, authors and abstract"
    else:
        wrong += _other_words(shown, metadata.get(paper) or Paper(paper=paper, title=paper, observed_at=0))
    if wrong:
        yield f"{paper}: the answer shows another {', '.join(wrong)}"


def _other_words(shown: Json, item: Paper | Place) -> Sequence[str]:
    """The words of a paper that are not those of its metadata. What a listing printed is shown with single blanks."""
    if isinstance(item, Paper):
        return [name for name in PAPER_WORDS if name in shown and shown[name] != _plain(getattr(item, name))]
    printed = {name: _plain(getattr(item, name)) for name in PLACE_WORDS}
    printed |= {name: " ".join(printed[name].split()) for name in ("title", "abstract")}
    return [name for name, value in printed.items() if value and name in shown and shown[name] != value]


def _plain(value: str | tuple[str, ...]) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _differ(name: str, shown: Json, stated: Json) -> bool:
    """Whether a field that is shown has another value, compared as JSON: 1 is not true."""
    return name in shown and canonical_json(shown[name]) != canonical_json(stated.get(name))
