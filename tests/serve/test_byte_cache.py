"""Replies that many ask for at once are made once, and the bytes kept are bounded."""

from __future__ import annotations

import asyncio

import pytest

from hotpapers.serve.http_messages import Reply, tagged_reply
from hotpapers.serve.page_cache import ByteCache


def reply_of(size: int = 1_000) -> Reply:
    return tagged_reply({}, bytes(size), compress=False)


def test_what_was_asked_for_longest_ago_is_dropped_first() -> None:
    async def fill() -> list[str]:
        cache = ByteCache[str, Reply](40_000)
        for name in "abcdefghi":
            await cache.get_or_make(name, soon)
            cache.get("a")
        await cache.get_or_make("j", soon)
        await cache.get_or_make("j", soon)
        assert cache.size == sum(reply.size for reply in cache.values.values())
        return list(cache.values)

    async def soon() -> Reply:
        return reply_of(2_900)

    assert asyncio.run(fill())[-2:] == ["a", "j"]


def test_a_client_that_goes_away_does_not_take_the_reply_along() -> None:
    async def ask() -> None:
        cache, release, calls = ByteCache[str, Reply](40_000), asyncio.Event(), list[int]()

        async def make() -> Reply:
            calls.append(1)
            await release.wait()
            return reply_of()

        first, second = (asyncio.create_task(cache.get_or_make("a", make)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        release.set()
        assert (await second).size == cache.size and calls == [1]

    asyncio.run(ask())


def test_what_changes_or_fails_is_not_kept() -> None:
    async def ask() -> None:
        cache = ByteCache[str, Reply](40_000)

        async def make() -> Reply:
            return reply_of()

        async def fail() -> Reply:
            raise ValueError("nothing")

        await cache.get_or_make("status", make, keep=False)
        with pytest.raises(ValueError, match="nothing"):
            await cache.get_or_make("a", fail)
        assert cache.size == 0 and cache.get("a") is cache.get("status") is None

    asyncio.run(ask())
