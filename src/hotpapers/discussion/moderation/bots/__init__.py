"""Bot detection by verdicts: from the shipped list, from what accounts say of themselves, and from their behavior.

`verdicts.judge_accounts` reads two weeks of figures, applies pure `rules`, looks for choruses and named bots,
and writes what has changed. `review` shows an account's verdicts and saves the operator's; named bots are there
too. docs/explanation/bots.md has the rules.
"""
