"""Where a job's steps and requests are met, and can end at each of their effects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from bot.coordinator.claims import read_run_name
from bot.coordinator.job_port import JobFault
from bot.jobs.clone import Clone
from bot.jobs.inputs import Inputs
from tests.loop.faults import Effect, Fault, Interrupter, mutation_fields
from tests.loop.runner import Died, Point, Waiting
from tests.loop.world import Loop

JOB_ROUTES = (
    (r"POST .*/pulls", "pull"),
    (r"POST .*/issues/\d+/labels", "labels"),
    (r"POST .*/issues/\d+/comments", "comment"),
    (r"POST .*/pulls/\d+/reviews", "review"),
)
JOB_FIELDS = {
    "updateRefs": "refs",
    "addPullRequestReviewThreadReply": "reply",
    "resolveReviewThread": "resolve",
}
OUTCOMES = {"worker": ("fails", "blocked"), "reviewer": ("finding",)}
"""By role, the words in a bead's title that make its first run come to something of its own."""


class Machine:
    """Where runs are executed: names the effects of their steps and interrupts them.

    A machine has nobody to look stale things up for, so it knows no twins. `worked` are the runs in which a
    model was paid.
    """

    def __init__(self, interrupter: Interrupter, loop: Loop) -> None:
        self._interrupter = interrupter
        self._loop = loop
        self._role = self._amid = ""
        self._faults: dict[Point, Fault | None] = {}
        self.worked: list[int] = []

    def reached(self, point: Point, run: Waiting) -> None:
        """Before a step."""
        name = read_run_name(run.title)
        assert name is not None
        bead, self._role, _, _ = name
        title = next(one.title for one in self._loop.beads() if one.number == bead)
        if point == "publish":
            known = self._loop.claims().of(bead)
            words = OUTCOMES.get(self._role, ())
            first = next((word for word in words if f"({word})" in title), "")
            self._amid = "correction" if known.rounds else "retry" if known.failures else first
        fault = self._faults[point] = self._interrupter.meet(Effect(f"{self._role} {point}", ""))
        if fault == "before":
            raise Died(point)
        if point == "agent":
            self.worked.append(run.id)

    def passed(self, point: Point, _run: Waiting) -> None:
        """After a step."""
        if self._faults[point] == "after":
            raise Died(point)
        if self._faults[point] == "lost":
            raise JobFault(f"{point} did its work and fails")

    @contextmanager
    def during(self, how: str) -> Iterator[None]:
        """Around something that the step publish does."""
        # A token is a token; what is written depends on what the run came to.
        amid = "" if how == "grant" else self._amid
        fault = self._interrupter.meet(Effect(f"{self._role} publish", how, amid))
        if fault == "before":
            raise Died(how)
        yield
        if fault == "after":
            raise Died(how)
        if fault == "lost":
            raise JobFault(f"{how}: the answer is lost")

    def clone(self, folder: Path, inputs: Inputs, token: str) -> Clone:
        """Publish's repository, whose pushes can be interrupted."""
        return _Clone(folder, inputs, token, self)

    def transport(self) -> httpx.BaseTransport:
        """What carries publish's requests."""
        return _JobWire(self)


class _Clone(Clone):
    def __init__(self, folder: Path, inputs: Inputs, token: str, machine: Machine) -> None:
        super().__init__(folder, inputs, token)
        self._machine = machine

    def push(self, refs: dict[str, str]) -> None:
        with self._machine.during("push"):
            super().push(refs)


class _JobWire(httpx.BaseTransport):
    def __init__(self, machine: Machine) -> None:
        self._inner = httpx.HTTPTransport()
        self._machine = machine

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        how = _job_effect(request, request.read())
        if how is None:
            return self._inner.handle_request(request)
        with self._machine.during(how):
            response = self._inner.handle_request(request)
            response.read()
        return response

    def close(self) -> None:
        self._inner.close()


def _job_effect(request: httpx.Request, body: bytes) -> str | None:
    """What a job's request changes, or None for a read; replies in threads are one effect together."""
    line = f"{request.method} {request.url.path}"
    if request.url.path.endswith("/graphql"):
        fields: Sequence[str] = mutation_fields(json.loads(body)["query"])
        return "+".join(dict.fromkeys(JOB_FIELDS[name] for name in fields)) or None
    for pattern, how in JOB_ROUTES:
        if re.fullmatch(pattern, line):
            return how
    raise AssertionError(f"no step is known to write {line}")
