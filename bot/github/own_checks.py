"""Our check run on a head: one in progress is updated, one that is completed gets a newer one beside it.

GitHub does not let a completed check run go back, and shows the newest of an App's of one name (Mergify met
this too: Mergifyio/mergify#1989). Annotations that an update brings are added to those that are there, so
only new ones are sent. The digest of what a check run shows is its `external_id`, so every look tells whether
it still shows what it should.

https://docs.github.com/en/graphql/reference/mutations#createcheckrun and …#updatecheckrun
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from bot.coordinator.actions import Annotation, PostCheck
from bot.coordinator.merging import CHECK
from bot.coordinator.shown import check_key, shown_digest
from bot.github.answers import Shape
from bot.github.installation import Installation
from bot.github.known import Known
from bot.github.pulls import OwnCheck

ANNOTATIONS = 50
"""How many annotations GitHub takes in one request."""

Input = Mapping[str, object]


class _Check(BaseModel):
    id: int
    node_id: str
    status: str
    external_id: str | None = None


class _Checks(BaseModel):
    check_runs: list[_Check]


class _Annotation(BaseModel):
    path: str
    start_line: int
    title: str | None = None
    message: str | None = None


class _Run(Shape):
    id: str
    database_id: int


class _Created(Shape):
    check_run: _Run | None = None


class OwnChecks:
    """What to write so that our check run on a head shows what it should, in one repository."""

    def __init__(self, installation: Installation, repository: str, known: Known) -> None:
        self._github = installation
        self._at = f"/repos/{repository}"
        self._known = known
        self._noted: dict[int, set[Annotation]] = {}

    async def writes(self, action: PostCheck) -> list[tuple[str, Input]]:
        """The one write for it. Raises GitHubError, Limited."""
        known = await self._newest(action.head, action.name)
        if known is not None and known.done and known.digest == shown_digest(action.text):
            return []
        value: dict[str, object] = {
            "repositoryId": self._known.repository_id,
            "name": action.name,
            "externalId": shown_digest(action.text),
            "status": "IN_PROGRESS" if action.conclusion is None else "COMPLETED",
            "actions": [
                {"label": one.label, "description": one.description, "identifier": one.identifier}
                for one in action.buttons
            ],
        }
        if action.conclusion is not None:
            value["conclusion"] = action.conclusion.upper()
        output: dict[str, object] = {"title": action.title, "summary": action.summary}
        if known is None or known.done:
            output["annotations"] = _noted(action.annotations)
            return [("createCheck", {**value, "headSha": action.head, "output": output})]
        output["annotations"] = _noted(await self._new(known, action.annotations))
        return [("updateCheck", {**value, "checkRunId": known.node_id, "output": output})]

    def note(self, action: PostCheck, payload: object) -> None:
        """Remember the check run that was written."""
        done = action.conclusion is not None
        digest = shown_digest(action.text)
        made = _Created.model_validate(payload or {}).check_run
        known = self._known.own_checks.get((action.head, action.name))
        if made is not None:
            known = OwnCheck(made.id, made.database_id)
        if known is not None:
            kept = OwnCheck(known.node_id, known.id, done, digest)
            self._known.own_checks[action.head, action.name] = kept
            self._noted.setdefault(known.id, set()).update(action.annotations)
        if action.name == CHECK:
            self._known.shown[check_key(action.head)] = digest

    async def _newest(self, head: str, name: str) -> OwnCheck | None:
        if (head, name) in self._known.own_checks:
            return self._known.own_checks[head, name]
        if head in self._known.heads:
            return None
        answer = await self._github.get(
            f"{self._at}/commits/{head}/check-runs", check_name=name, app_id=self._github.app.app_id
        )
        found = max(answer.read(_Checks).check_runs, key=lambda one: one.id, default=None)
        if found is None:
            return None
        known = OwnCheck(found.node_id, found.id, found.status == "completed", found.external_id or "")
        self._known.own_checks[head, name] = known
        return known

    async def _new(self, known: OwnCheck, wanted: tuple[Annotation, ...]) -> list[Annotation]:
        """Those that the check run does not have yet."""
        if self._noted.get(known.id, set()).issuperset(wanted):
            return []
        answer = await self._github.get(f"{self._at}/check-runs/{known.id}/annotations", per_page=100)
        listed = answer.read(list[_Annotation])
        there = {(one.path, one.start_line, one.title, one.message) for one in listed}
        return [one for one in wanted if (one.path, one.line, one.title, one.message) not in there]


def _noted(annotations: tuple[Annotation, ...] | list[Annotation]) -> list[Input]:
    return [
        {
            "path": one.path,
            "location": {"startLine": one.line, "endLine": one.line},
            "annotationLevel": one.level.upper(),
            "title": one.title,
            "message": one.message,
        }
        for one in annotations[:ANNOTATIONS]
    ]
