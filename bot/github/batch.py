"""Cheap writes that follow each other, as one GraphQL request: labels, comments, checks, closing, refs.

GitHub carries the aliased fields of a mutation out in order, and one that fails does not stop the others;
each action gets the message of its own fields. When the request itself fails it is not known what took
effect: every action of it answers so, and the next look decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.beads.digest import digest
from bot.beads.labels import label_looks
from bot.coordinator.actions import (
    Close,
    DeleteRef,
    PostCheck,
    React,
    Reopen,
    Say,
    SetBody,
    SetLabels,
    Unsay,
)
from bot.coordinator.ports import Unsure
from bot.github.answers import Named, Shape
from bot.github.documents import CREATING, WORDING, mutation_document
from bot.github.errors import GitHubError, Limited
from bot.github.installation import Installation
from bot.github.known import Known
from bot.github.own_checks import OwnChecks
from bot.github.own_comments import Found, OwnComments

Cheap = SetLabels | Say | Unsay | Close | DeleteRef | React | Reopen | SetBody | PostCheck
SIGNS = {"taken": "EYES", "done": "ROCKET", "refused": "THUMBS_DOWN"}
NO_COMMIT = "0" * 40
GREY = "ededed"
FIELDS = 40
"""How many writes go into one request; GitHub gives it ten seconds."""


class _Wording(Shape):
    title: str
    body: str


class _WordingReply(Shape):
    node: _Wording | None = None


class _CreatedLabel(Shape):
    label: Named | None = None


@dataclass(frozen=True, slots=True)
class _Write:
    """One aliased field: which action wants it, its kind and its input."""

    action: int
    kind: str
    value: Mapping[str, object]


@dataclass(slots=True)
class _Batch:
    writes: list[_Write] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    payloads: list[object] = field(default_factory=list)  # one for each write that was sent


class Batcher:
    """Carries out runs of cheap actions in one repository."""

    def __init__(self, installation: Installation, repository: str, known: Known) -> None:
        self._github = installation
        self._known = known
        self._comments = OwnComments(installation, known)
        self._checks = OwnChecks(installation, repository, known)

    async def apply(self, actions: Sequence[Cheap]) -> list[str | None]:
        """Each answer is None, or why the action did not take effect. Raises Limited."""
        batch = _Batch(answers=[None] * len(actions))
        await self.create_labels({name for one in actions if isinstance(one, SetLabels) for name in one.add})
        found = await self._comments.find([one for one in actions if isinstance(one, Say | Unsay)])
        for index, action in enumerate(actions):
            try:
                batch.writes += [
                    _Write(index, kind, value) for kind, value in await self._wanted(action, found) if value
                ]
            except Limited:
                raise
            except GitHubError as error:
                batch.answers[index] = why_not(error)
        await self._send_all(batch)
        await self._send_all(_Batch(self._made(actions, batch), batch.answers))
        for action, answer in zip(actions, batch.answers, strict=True):
            if isinstance(action, Say | Unsay):
                self._comments.note(action, answer)
            elif isinstance(action, React) and action.sign != "taken" and not isinstance(answer, Unsure):
                # Answered for good: done, or a reaction that GitHub will not take.
                self._known.signed.add(action.subject)
        return batch.answers

    async def _send_all(self, batch: _Batch) -> None:
        for start in range(0, len(batch.writes), FIELDS):
            batch.payloads += await self._send(batch.writes[start : start + FIELDS], batch.answers)

    def _made(self, actions: Sequence[Cheap], batch: _Batch) -> list[_Write]:
        """Remember the check runs and comments that were made; what is to be done about comments' twins."""
        writes: list[_Write] = []
        for write, payload in zip(batch.writes, batch.payloads, strict=True):
            action = actions[write.action]
            if batch.answers[write.action] is not None:
                continue
            if isinstance(action, PostCheck):
                self._checks.note(action, payload)
            elif isinstance(action, Say) and write.kind == "comment":
                twins = self._comments.twins(action, payload)
                writes += [_Write(write.action, kind, value) for kind, value in twins]
        return writes

    async def create_labels(self, names: set[str]) -> None:
        """Make the labels of these names that the repository lacks, with their colours.

        One that somebody else makes at the same time is a refusal that nobody needs to hear: its use says so.
        """
        missing = sorted(name for name in names if name.lower() not in self._known.label_ids)
        if not missing:
            return
        fields = [(f"l{index}", "createLabel") for index, _ in enumerate(missing)]
        variables: dict[str, object] = {}
        for (alias, _), name in zip(fields, missing, strict=True):
            colour, description = label_looks(self._known.spelling).get(name.lower(), (GREY, ""))
            looks = {"name": name, "color": colour, "description": description}
            variables[alias] = {"repositoryId": self._known.repository_id, **looks}
        data, _ = await self._github.mutate(mutation_document(fields), variables)
        for value in data.values():
            made = _CreatedLabel.model_validate(value).label if value is not None else None
            if made is not None:
                self._known.label_ids[made.name.lower()] = made.id

    async def _wanted(self, action: Cheap, found: Found) -> list[tuple[str, Mapping[str, object]]]:
        match action:
            case SetLabels():
                return self._labels(action)
            case Say():
                return self._comments.writes(action, found)
            case Unsay():
                return self._comments.deletions(action, found)
            case PostCheck():
                return await self._checks.writes(action)
            case Close():
                reason = "DUPLICATE" if action.twin else "COMPLETED"
                return [("close", {"issueId": action.node_id, "stateReason": reason})]
            case React():
                return [("react", {"subjectId": action.subject, "content": SIGNS[action.sign]})]
            case Reopen(pull=True):
                return [("reopenPull", {"pullRequestId": action.node_id})]
            case Reopen():
                return [("reopen", {"issueId": action.node_id})]
            case SetBody():
                return await self._body(action)
            case DeleteRef():
                update = {
                    "name": action.name,
                    "beforeOid": action.at,
                    "afterOid": NO_COMMIT,
                }
                return [
                    ("moveRefs", {"repositoryId": self._known.repository_id, "refUpdates": [update]}),
                ]

    def _labels(self, action: SetLabels) -> list[tuple[str, Mapping[str, object]]]:
        ids = self._known.label_ids
        unknown = [name for name in action.add if name.lower() not in ids]
        if unknown:
            raise GitHubError(
                422, f"the repository has no label {', '.join(unknown)}, and none could be made"
            )
        add = [ids[name.lower()] for name in action.add]
        remove = [ids[name.lower()] for name in action.remove if name.lower() in ids]
        wanted: list[tuple[str, Mapping[str, object]]] = []
        if add:
            wanted.append(("addLabels", {"labelableId": action.node_id, "labelIds": add}))
        if remove:
            wanted.append(("removeLabels", {"labelableId": action.node_id, "labelIds": remove}))
        return wanted

    async def _body(self, action: SetBody) -> list[tuple[str, Mapping[str, object]]]:
        reply = await self._github.query(WORDING, _WordingReply, {"subject": action.node_id})
        if reply.node is None or digest(reply.node.title, reply.node.body) != action.was:
            raise GitHubError(409, f"#{action.number} was edited in between; its text stays as it is")
        return [("setBody", {"id": action.node_id, "body": action.body})]

    async def _send(self, writes: Sequence[_Write], answers: list[str | None]) -> list[object]:
        fields = [(f"w{index}", write.kind) for index, write in enumerate(writes)]
        variables: dict[str, object] = {f"w{index}": dict(one.value) for index, one in enumerate(writes)}
        creates = sum(write.kind in CREATING for write in writes)
        try:
            data, faults = await self._github.mutate(mutation_document(fields), variables, creates=creates)
        except Limited:
            raise
        except GitHubError as error:
            for write in writes:
                answers[write.action] = why_not(error)
            return [None] * len(writes)
        for fault in faults:
            alias = str(fault.path[0])[1:] if fault.path else ""
            hit = [writes[int(alias)]] if alias.isdigit() else list(writes)
            for write in hit:
                answers[write.action] = fault.message
        return [data.get(alias) for alias, _ in fields]


def why_not(error: GitHubError) -> str:
    """The answer to an action that ended so."""
    return Unsure(error) if error.unsure else str(error)
