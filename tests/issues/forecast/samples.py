"""Made-up curves: papers with few or many voices that keep growing at their first pace."""

from __future__ import annotations

from random import Random

from hotpapers.issues.forecasts import Curve

ARCHIVES = ("cs", "cs", "cs", "cs", "math", "hep-th", "astro-ph", "")
FIRST_DAY = 20_000


def curves(seed: int, number: int, days: int = 80, network: str = "bluesky", age: int = 6) -> list[Curve]:
    """Independent curves over that many days; fields grow differently, papers of unknown field like the average."""
    chance = Random(seed)
    return [_curve(chance, chance.randrange(FIRST_DAY, FIRST_DAY + days), network, age) for _ in range(number)]


def _curve(chance: Random, day: int, network: str, age: int) -> Curve:
    archive = chance.choice(ARCHIVES)
    voices = min(int(chance.paretovariate(0.8)), 500)
    growth_limit = 12 * voices if archive == "cs" or (not archive and chance.random() < 0.57) else 5 * voices
    return Curve(network, archive, age, day, voices, voices + int(growth_limit * chance.random() ** 3))


def identical_curves(
    number: int, voices: int, later: int, archive: str = "cs", network: str = "bluesky"
) -> list[Curve]:
    """Identical curves, spread over ten weeks."""
    return [Curve(network, archive, 6, FIRST_DAY + n % 70, voices, later) for n in range(number)]
