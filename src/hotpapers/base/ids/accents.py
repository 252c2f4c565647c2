"""Letters without what is written above, below or through them."""

from __future__ import annotations

import unicodedata


def without_accents(text: str) -> str:
    """A text in compatible forms (NFKD) without accents: é is e, ﬁ is fi, ² is 2. Letters such as ø and ł stay."""
    if text.isascii():
        return text
    return "".join([sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)])
