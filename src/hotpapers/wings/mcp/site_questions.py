"""Answers questions about a published site on standard input and output, several at once: however long a site takes,
other questions, *ping* and cancellations go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO

from hotpapers.wings.mcp import rpc
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.site_files import MAX_SECONDS, TOO_LONG, Question
from hotpapers.wings.mcp.site_tools import all_site_tools

MAX_AT_ONCE, MAX_WAITING = 4, 100
"""Questions that read the site at the same time, and those that are not answered yet."""
GRACE = 1.0
"""Seconds after its time for a question to say itself what took so long, before it is answered without that: looking
up a name, for one, cannot be interrupted."""
Requests = rpc.RpcRequest | list[rpc.Message]
"""A question, or a batch, which is one question to the site."""
OpenSite = Callable[[Question], AbstractContextManager[PublishedSite]]
"""The site for one question. Raises HotPapersError."""


class Questions:
    """Questions that are not answered yet, each with a thread of its own."""

    def __init__(self, open_site: OpenSite, output_stream: BinaryIO) -> None:
        self._open_site = open_site
        self._output = output_stream
        self._tools = all_site_tools()
        self._waiting: dict[Question, Requests] = {}
        self._changed = threading.Condition()
        self._places = threading.Semaphore(MAX_AT_ONCE)

    def take(self, message: rpc.Message | list[rpc.Message]) -> None:
        """Answers a message at once, or begins to answer a question or a batch."""
        if isinstance(message, rpc.Cancellation):
            self._cancel(message)
        elif isinstance(message, list) or rpc.is_call(message):
            self._begin(message)
        else:
            with self._changed:
                rpc.write_reply(rpc.respond(None, message, self._tools), self._output)

    def wait(self) -> None:
        """Waits until all are answered."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)

    def _begin(self, request: Requests) -> None:
        question = Question()
        with self._changed:
            if len(self._waiting) >= MAX_WAITING:
                rpc.write_reply(
                    _refusal(request, f"{MAX_WAITING} questions wait for an answer: ask later"), self._output
                )
                return
            self._waiting[question] = request
        refusal = _refusal(request, TOO_LONG)
        timer = threading.Timer(MAX_SECONDS + GRACE, self._finish, (question, refusal))
        timer.daemon = True
        timer.start()
        thread = threading.Thread(target=self._answer, args=(question, request, timer), daemon=True)
        thread.start()

    def _answer(self, question: Question, request: Requests, timer: threading.Timer) -> None:
        reply = _refusal(request, TOO_LONG)
        with self._places:
            if not question.is_set():
                with self._open_site(question) as site:
                    reply = rpc.respond_all(site, request, self._tools)
        timer.cancel()
        self._finish(question, reply)

    def _finish(self, question: Question, reply: rpc.Json | list[rpc.Json] | None) -> None:
        """Writes the answer to a question, unless it is answered or canceled."""
        with self._changed:
            if self._waiting.pop(question, None):
                rpc.write_reply(reply, self._output)
            question.set()
            self._changed.notify_all()

    def _cancel(self, message: rpc.Cancellation) -> None:
        """Forgets questions: clients expect no answer then."""
        with self._changed:
            for question, request in tuple(self._waiting.items()):
                if rpc.is_canceled(request, message):
                    self._finish(question, None)


def _refusal(request: Requests, text: str) -> rpc.Json | list[rpc.Json] | None:
    if isinstance(request, list):
        return [_refusal_of(message, text) for message in request if isinstance(message, rpc.RpcRequest)] or None
    return _refusal_of(request, text)


def _refusal_of(request: rpc.RpcRequest, text: str) -> rpc.Json:
    return {"jsonrpc": "2.0", "id": request.id, "result": rpc.refusal_result(text)}


def run(open_site: OpenSite, input_stream: BinaryIO, output_stream: BinaryIO) -> None:
    """Answers messages until the input ends and all questions are answered."""
    questions = Questions(open_site, output_stream)
    for message in rpc.read_messages(input_stream):
        questions.take(message)
    questions.wait()
