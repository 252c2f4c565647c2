"""Bots told apart by verdicts: the list that comes along, what accounts say of themselves, and how they behave.

`verdicts.judge` reads a fortnight's figures, lets pure rules conclude, and writes what has changed; `review` has what
is held of an account, and the operator's word. docs/explanation/bots.md has the rules, and how they were measured.
"""
