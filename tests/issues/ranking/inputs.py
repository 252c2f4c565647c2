"""Made-up ranking inputs: by hand, and drawn by Hypothesis with every paper counted among its own peers."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st

from hotpapers.base.model import HOUR, Attention, Candidate, RankingInput, VoiceHistogram

CUT = 1_700_000_000_000_000
ARCHIVES = ("cs", "hep-th", "astro-ph", "")
NETWORKS = ("bluesky", "mastodon")


def attention(voices: int, network: str = "bluesky", age: int = 24, **fields: int | None) -> Attention:
    """Attention measured at the cut."""
    values = {"until": CUT, "reposts": 0, "likes": 0, **fields}
    return Attention(network=network, age=age, voices=voices, **values)  # type: ignore[arg-type]


def candidate(
    paper: str, *attentions: Attention, archive: str = "cs", announced_at: int = 0, order: int = 0
) -> Candidate:
    """A candidate, by its id without the prefix."""
    return Candidate(
        paper=f"arxiv:{paper}", archive=archive, announced_at=announced_at, order=order, attention=tuple(attentions)
    )


def peers(counts: dict[int, int], archive: str = "cs", network: str = "bluesky", age: int = 24) -> VoiceHistogram:
    """A histogram from numbers of papers by voices."""
    return VoiceHistogram(network=network, age=age, archive=archive, counts=tuple(sorted(counts.items())))


@st.composite
def ranking_inputs(draw: st.DrawFn) -> RankingInput:
    """Up to 8 candidates on two networks at one age; each is counted among its peers or measured apart."""
    age = draw(st.sampled_from([0, 6, 24]))
    counts: dict[tuple[str, str], Counter[int]] = {
        (network, archive): Counter(draw(st.dictionaries(st.integers(1, 30), st.sampled_from([1, 2, 90, 499]))))
        for network in NETWORKS
        for archive in ARCHIVES
    }
    candidates = []
    for number in range(draw(st.integers(1, 8))):
        archive = draw(st.sampled_from(ARCHIVES))
        announced_at = CUT - age * HOUR - draw(st.sampled_from([0, 0, 1]))
        attentions = []
        for network in draw(st.sets(st.sampled_from(NETWORKS), min_size=1)):
            voices = draw(st.integers(0, 30))
            counted_among_peers = draw(st.booleans())
            if counted_among_peers and (voices or not age):
                counts[network, archive][voices] += 1
            until = announced_at + age * HOUR
            attentions.append(
                attention(voices, network, age, own=voices if counted_among_peers else None, until=until, likes=voices)
            )
        candidates.append(
            candidate(f"2401.{number:05}", *attentions, archive=archive, announced_at=announced_at, order=number)
        )
    return RankingInput(
        candidates=tuple(candidates),
        peers=tuple(
            peers(dict(counter), archive, network, age) for (network, archive), counter in counts.items() if counter
        ),
    )
