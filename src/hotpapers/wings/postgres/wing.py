"""Registers PostgreSQL as a kind of database."""

from __future__ import annotations

from hotpapers.base.wings import DatabaseKind, Wing

WING = Wing(
    "postgres",
    "The store in a PostgreSQL database.",
    hooks=(
        DatabaseKind("postgresql", "hotpapers.wings.postgres.server_store:PostgresDatabase"),
        DatabaseKind("postgres", "hotpapers.wings.postgres.server_store:PostgresDatabase"),
    ),
)
