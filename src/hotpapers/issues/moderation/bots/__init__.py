"""Bot detection by verdicts: from the shipped list, from what accounts say of themselves, and from their behavior.

`verdicts.judge` reads two weeks of figures (`queries`), applies pure `rules`, looks for a `chorus` and `bot_names`,
and writes what has changed. `review` shows an account's verdicts and saves the operator's. docs/explanation/bots.md has
the rules.
"""
