"""Copies of one text, and twins made by bridges."""

from __future__ import annotations

from hotpapers.discussion.conversations.copies import leading_copies
from lab.generated_conversations import text_pairs, thread_post

TITLE = "Every Elevator Is Eventually Yours: a Recurrence Theorem"


def test_a_thousand_generated_pairs() -> None:
    pairs = text_pairs(7, 1_000)
    judged = [(pair.are_copies, bool(leading_copies([pair.first, pair.other]))) for pair in pairs]
    right = sum(are and is_judged for are, is_judged in judged)
    assert right / sum(is_judged for _, is_judged in judged) >= 0.99
    assert right / sum(are for are, _ in judged) >= 0.95


def test_the_earliest_whole_text_leads() -> None:
    text = "The lifts are assumed to be independent, but they all stop at noon."
    late = thread_post("bluesky:1", text=text, at=3, voice=1)
    early = thread_post("mastodon:2", text=f"{text} #maths", at=2, voice=2)
    cut = thread_post("mastodon:3", text=f"{text[:50]}…", at=1, voice=3)
    assert leading_copies([late, cut]) == {"mastodon:3": "bluesky:1"}
    assert leading_copies([early, late]) == {}  # a hashtag more may be a word more
    assert leading_copies([late, early._replace(voice=1)]) == {"bluesky:1": "mastodon:2"}  # but not of the same person


def test_headlines_of_others_are_other_threads() -> None:
    stories = [
        thread_post(f"{network}:1", text=TITLE, voice=n) for n, network in enumerate(("hackernews", "lobsters"), 1)
    ]
    assert leading_copies(stories, TITLE) == {}
    assert leading_copies(stories) != {}
    assert leading_copies([story._replace(voice=1) for story in stories], TITLE) != {}


def test_what_is_not_shown_has_no_copies() -> None:
    texts = [thread_post(f"bluesky:{n}", text="The same words of the same person again", voice=1) for n in (1, 2)]
    assert leading_copies(texts) == {"bluesky:2": "bluesky:1"}
    assert leading_copies([texts[0], texts[1]._replace(shown=None)]) == {}
    assert leading_copies([texts[0], texts[1]._replace(shown="link")]) == {}
