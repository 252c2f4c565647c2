"""Recomputes a paper's score from its issue alone: docs/explanation/ranking.md shows how. Needs only Python."""

import decimal
import json
import sys

if not __debug__:
    sys.exit("python -O skips the checks; run without -O and PYTHONOPTIMIZE")

decimal.getcontext().prec = 28
issue, wanted = json.load(sys.stdin), sys.argv[1]
entry = next(entry for entry in issue["entries"] if entry["paper"] == wanted)

for part in entry["parts"]:
    if part["rule"] == "vouching":  # subtracts what known voices, here part["voices"], do not vouch for
        others = sum(other["score"] for other in entry["parts"] if other is not part)
        assert part["score"] == (240 * part["voices"] if part["voices"] >= 2 else 0) - others
        continue
    peers = [peer for peer in issue["peers"] if (peer["network"], peer["age"]) == (part["network"], part["age"])]
    assert part["among"] == "all"  # else: only the archives that `among` names
    least = 3 if part["age"] else 0  # age 0 is an imported listing: there every paper counts
    counts = [pair for peer in peers for pair in peer["counts"] if pair[0] >= least]
    papers = sum(number for voices, number in counts)
    at_least = sum(number for voices, number in counts if voices >= part["voices"])
    if part["own"] is not None and part["own"] >= least:  # the paper is one of them: the others are one fewer
        papers, at_least = papers - 1, at_least - (part["own"] >= part["voices"])
    ratio = decimal.Decimal(papers + 1) / decimal.Decimal(at_least + 1)
    points = (ratio.log10() * 1000).to_integral_value(decimal.ROUND_HALF_EVEN) if part["voices"] >= 3 else 0
    if part["rule"] == "capped":
        points = 20 * part["voices"]
    print(f"{papers} others, {at_least} of them with {part['voices']} or more: {points}")
    assert points == part["score"]
