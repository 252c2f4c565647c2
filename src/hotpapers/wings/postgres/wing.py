"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import Wing

WING = Wing(
    "postgres",
    "The store in a PostgreSQL database.",
    databases=dict.fromkeys(("postgresql", "postgres"), "hotpapers.wings.postgres.server_store:PostgresDatabase"),
)
