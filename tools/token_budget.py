"""Counts the tokens of the code, and holds them to a budget: `python -m tools.token_budget`, part of `make check`.

Tokens and not lines, which formatting changes: those of Python's tokenizer, without comments, docstrings and line ends,
and those of scripts (`tools.script_tokens`).
The budget may only fall, or rise with a line in a decision note that says for what.
"""

from __future__ import annotations

import io
import sys
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tools.script_tokens import script_tokens

SRC = Path(__file__).parents[1] / "src" / "hotpapers"
CORE, ALL, SCRIPTS = 344_100, 561_200, 35_200
"""The most tokens of the core, of the core and its wings, and of the scripts of pages."""
SPACE = {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER}
STRUCTURE = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def tokens_of(source: str) -> int:
    """The tokens of code in a file's text."""
    return sum(1 for _ in _code(source))


def _code(source: str) -> Iterator[tokenize.TokenInfo]:
    is_first = True  # of a statement: a string that is one by itself is a docstring
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in SPACE]
    for token, following in pairwise(tokens):
        is_docstring = is_first and token.type == tokenize.STRING and following.type == tokenize.NEWLINE
        if token.type not in STRUCTURE and not is_docstring:
            yield token
        is_first = token.type in STRUCTURE


def tokens_in(folder: Path) -> int:
    """The tokens of all files in a folder."""
    return sum(tokens_of(file.read_text("utf-8")) for file in folder.rglob("*.py"))


def main() -> None:
    """Prints the figures; exits with status 1 if one is above its budget."""
    total, wings = tokens_in(SRC), tokens_in(SRC / "wings")
    core = total - wings
    scripts = sum(1 for file in SRC.rglob("*.js") for _ in script_tokens(file.read_text("utf-8")))
    print(f"{core:,} tokens of code in the core (budget {CORE:,}), {total:,} with wings (budget {ALL:,})")
    print(f"{scripts:,} tokens of code in scripts (budget {SCRIPTS:,})")
    if core > CORE or total > ALL or scripts > SCRIPTS:
        sys.exit("above the budget: say less, or raise it in tools/token_budget.py with a line in a decision note")


if __name__ == "__main__":
    main()
