"""A day that is attacked, as searches see it: of a made-up world, or the issue of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import NamedTuple, Protocol

from hotpapers import ranking
from hotpapers.engagement.attention import Engagement
from hotpapers.evaluation.attacks.campaign import AttackedNetwork, AttackedPaper, Campaign
from hotpapers.model import RankingInput, ScoredCandidate

Rank = Callable[[RankingInput], tuple[ScoredCandidate, ...]]


class Aftermath(NamedTuple):
    """What became of a day's talk: `rows` of the papers for which it is another one, and the networks that were
    `lost`."""

    rows: Mapping[str, Sequence[Engagement]]
    lost: Set[str]


class AttackedDay(Protocol):
    """What a search asks of a day. `name`: what it is called in messages."""

    name: str

    @property
    def networks(self) -> Sequence[AttackedNetwork]:
        """The networks as an attacker sees them, the sparsest first."""

    @property
    def others(self) -> Sequence[AttackedPaper]:
        """Papers of the 90 days before that are too old for the issue and of which nobody speaks."""

    def paper(self, key: str) -> AttackedPaper:
        """One of its papers."""

    def order(self, rank: Rank, measured: ranking.Measured) -> Sequence[ScoredCandidate]:
        """The day's honest order."""

    def target(self, *, days_old: int, spoken_of: bool, small_field: bool) -> AttackedPaper | None:
        """A paper for which an attack may be: see `Attack`. None where the day has none."""

    def aftermath(self, campaign: Campaign, measured: ranking.Measured) -> Aftermath:
        """What becomes of the day's talk under a campaign: the same for all rankings that measure it alike."""

    def order_after(
        self, aftermath: Aftermath, rank: Rank, measured: ranking.Measured, *, whole: bool = False
    ) -> list[str]:
        """The papers in their order after a campaign, the best first. `whole`: see `Contender`."""
