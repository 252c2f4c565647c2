"""Recounts: the posts whose counts are read again (see `measurement.next_recount_at`).

queries   the recount table: which posts are in it, when each is due, and what came of asking

Takes new and shown posts; returns those that are due. The rows of the table are bookkeeping, not observations: they are
not items and appear in no batch or export.
"""

from __future__ import annotations
