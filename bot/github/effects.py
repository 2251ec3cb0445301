"""Carrying out the coordinator's actions: each once, never blindly again, each answer None or why not."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from pydantic import BaseModel

from bot.beads.markers import read_marker, write_marker
from bot.coordinator.actions import (
    Action,
    Assign,
    CancelRun,
    CreateBead,
    DeleteLabel,
    Dequeue,
    Dispatch,
    Enqueue,
    Merge,
    OpenPull,
    PostCheck,
    PublishAgain,
    Revert,
    ShowEdge,
    UpdateBranch,
)
from bot.coordinator.claims import run_name
from bot.github.answers import Connection, Shape
from bot.github.batch import Batcher, Cheap, why_not
from bot.github.client import Answer, Dispatched
from bot.github.documents import DEQUEUE, ENQUEUE, NEWEST_BEADS, NEWEST_PULLS, REVERT
from bot.github.errors import GitHubError, Limited
from bot.github.installation import Installation
from bot.github.known import Known
from bot.github.pulls import WORKFLOW


class _Numbered(BaseModel):
    number: int
    id: int


class _DispatchedRun(BaseModel):
    workflow_run_id: int
    html_url: str = ""


class _Pull(BaseModel):
    merged: bool


class _Pulled(Shape):
    body: str
    viewer_did_author: bool


class _Pulls(Shape):
    pull_requests: Connection[_Pulled]


class _PullsReply(Shape):
    repository: _Pulls


class _Parent(Shape):
    number: int


class _Bead(Shape):
    number: int
    full_database_id: int
    body: str
    viewer_did_author: bool
    parent: _Parent | None = None


class _Beads(Shape):
    issues: Connection[_Bead]


class _BeadsReply(Shape):
    repository: _Beads


class Effects:
    """Applies actions in one repository (``owner/name``)."""

    def __init__(self, installation: Installation, repository: str, known: Known) -> None:
        self._github = installation
        self._at = f"/repos/{repository}"
        owner, _, name = repository.partition("/")
        self._where: dict[str, object] = {"owner": owner, "name": name}
        self._known = known
        self._cheap = Batcher(installation, repository, known)

    async def apply(self, actions: Sequence[Action]) -> tuple[str | None, ...]:
        """Carry out actions in order. Raises Limited when GitHub says to wait: the rest was not tried."""
        answers: list[str | None] = []
        cheap: list[Cheap] = []
        unposted: set[str] = set()
        for action in actions:
            if isinstance(action, Cheap):
                cheap.append(action)
                continue
            answers += await self._flush(cheap, unposted)
            if isinstance(action, Merge | Enqueue) and action.head in unposted:
                answers.append("what its guards say could not be posted")
                continue
            answers.append(await self._one(action))
        return (*answers, *await self._flush(cheap, unposted))

    async def _flush(self, cheap: list[Cheap], unposted: set[str]) -> list[str | None]:
        """Carry out the cheap ones that are waiting; adds the heads whose check run could not be written."""
        answers = await self._cheap.apply(cheap)
        for action, answer in zip(cheap, answers, strict=True):
            if isinstance(action, PostCheck) and answer is not None:
                unposted.add(action.head)
        cheap.clear()
        return answers

    async def _one(
        self,
        action: Dispatch
        | PublishAgain
        | CreateBead
        | OpenPull
        | UpdateBranch
        | Merge
        | Enqueue
        | Dequeue
        | Assign
        | CancelRun
        | Revert
        | ShowEdge
        | DeleteLabel,
    ) -> str | None:
        try:
            match action:
                case Dispatch():
                    return await self._dispatch(action)
                case PublishAgain():
                    path = f"{self._at}/actions/jobs/{action.job}/rerun"
                    return _why(await self._github.write("POST", path))
                case CreateBead():
                    return await self._create(action)
                case OpenPull():
                    return await self._open(action)
                case UpdateBranch():
                    path = f"{self._at}/pulls/{action.pull}/update-branch"
                    return _why(await self._github.write("PUT", path, {"expected_head_sha": action.head}))
                case Merge():
                    return await self._merge(action)
                case Enqueue():
                    # What a lost answer has done shows in the next look; twice is refused.
                    wanted = {"pullRequestId": action.node_id, "expectedHeadOid": action.head}
                    return await self._mutate(ENQUEUE, wanted)
                case Dequeue():
                    return await self._mutate(DEQUEUE, {"id": action.node_id})
                case Assign():
                    path = f"{self._at}/issues/{action.number}/assignees"
                    return _why(await self._github.write("POST", path, {"assignees": list(action.logins)}))
                case CancelRun():
                    path = f"{self._at}/actions/runs/{action.run_id}/cancel"
                    return _why(await self._github.write("POST", path))
                case Revert():
                    return await self._revert(action)
                case ShowEdge():
                    return await self._show_edge(action)
                case DeleteLabel():
                    self._known.label_ids.pop(action.name.lower(), None)
                    path = f"{self._at}/labels/{quote(action.name, safe='')}"
                    answer = await self._github.write("DELETE", path)
                    return None if answer.status == 404 else _why(answer)
        except Limited:
            raise
        except GitHubError as error:
            return why_not(error)

    async def _dispatch(self, action: Dispatch) -> str | None:
        """One token, one dispatch: when the answer is lost, whether a run shows up tells."""
        if self._github.app.clock() >= action.until:
            return f"attempt {action.attempt} of #{action.bead} was claimed too long ago to be dispatched"
        path = f"{self._at}/actions/workflows/{WORKFLOW}/dispatches"
        body: dict[str, object] = {
            "ref": self._known.default_branch,
            "inputs": {
                "bead": str(action.bead),
                "role": action.role,
                "attempt": str(action.attempt),
                "token": action.token,
            },
        }
        answer = await self._github.write("POST", path, {**body, "return_run_details": True})
        if answer.status in (400, 422) and "return_run_details" in answer.message:
            answer = await self._github.write("POST", path, body)  # an older GitHub Enterprise Server
        if not answer.ok and answer.status < 500:
            self._known.workflow_enabled = False  # looked up by the next look
        if answer.status == 200:
            run = answer.read(_DispatchedRun)
            title = run_name(action.bead, action.role, action.attempt, action.token)
            told = Dispatched(action.token, title, run.html_url)
            self._github.app.note_dispatch(run.workflow_run_id, told)
        return _why(answer)

    async def _create(self, action: CreateBead) -> str | None:
        found = await self._bead_with(action.marker)
        if found is None:
            await self._cheap.create_labels(set(action.labels))
            body = f"{action.body}\n\n{write_marker('bead', action.marker)}"
            wanted = {"title": action.title, "body": body, "labels": list(action.labels)}
            answer = await self._github.write("POST", f"{self._at}/issues", wanted)
            if not answer.ok:
                return answer.message
            made = answer.read(_Numbered)
            found = _Bead(number=made.number, full_database_id=made.id, body=body, viewer_did_author=True)
        return await self._place(action, found)

    async def _bead_with(self, marker: str) -> _Bead | None:
        """The bead that we made with this marker, closed or not; of twins the lowest number."""
        variables = {**self._where, "bead": self._known.spelling.bead}
        reply = await self._github.query(NEWEST_BEADS, _BeadsReply, variables)
        made = [
            bead
            for bead in reply.repository.issues.nodes
            if bead.viewer_did_author and read_marker(bead.body, "bead") == marker
        ]
        return min(made, key=lambda bead: bead.number, default=None)

    async def _place(self, action: CreateBead, bead: _Bead) -> str | None:
        """Under its parent, and before what it blocks; done again it changes nothing."""
        if action.parent is not None and bead.parent is None:
            path = f"{self._at}/issues/{action.parent}/sub_issues"
            answer = await self._github.write("POST", path, {"sub_issue_id": bead.full_database_id})
            if not answer.ok:
                return f"#{bead.number} could not be put below #{action.parent}: {answer.message}"
        if action.blocks is not None:
            label = f"{self._known.spelling.blocked_by}{bead.number}"
            await self._cheap.create_labels({label})
            path = f"{self._at}/issues/{action.blocks}/labels"
            return _why(await self._github.write("POST", path, {"labels": [label]}))
        return None

    async def _open(self, action: OpenPull) -> str | None:
        wanted = {
            "head": action.head_ref,
            "base": action.base_ref,
            "title": action.title,
            "body": action.body,
        }
        answer = await self._github.write("POST", f"{self._at}/pulls", wanted)
        if not answer.ok:
            return answer.message
        number = answer.read(_Numbered).number
        labels = [self._known.spelling.bead, self._known.spelling.review]
        await self._cheap.create_labels(set(labels))
        path = f"{self._at}/issues/{number}/labels"
        return _why(await self._github.write("POST", path, {"labels": labels}))

    async def _revert(self, action: Revert) -> str | None:
        reply = await self._github.query(NEWEST_PULLS, _PullsReply, self._where)
        if any(
            one.viewer_did_author and read_marker(one.body, "revert") == action.marker
            for one in reply.repository.pull_requests.nodes
        ):
            return None
        body = f"{action.body}\n\n{write_marker('revert', action.marker)}"
        wanted = {"pullRequestId": action.node_id, "title": action.title, "body": body}
        return await self._mutate(REVERT, wanted)

    async def _show_edge(self, action: ShowEdge) -> str | None:
        """A refusal is remembered: the next look would ask for the same again."""
        path = f"{self._at}/issues/{action.number}/dependencies/blocked_by"
        if action.add:
            answer = await self._github.write("POST", path, {"issue_id": action.blocker})
        else:
            answer = await self._github.write("DELETE", f"{path}/{action.blocker}")
        if action.add and not answer.ok and answer.status < 500:
            self._known.refused_edges.add((action.number, action.blocker))
        return _why(answer)

    async def _merge(self, action: Merge) -> str | None:
        """Pinned to the head. After a 5xx or a lost answer the pull request tells: merged stays merged."""
        path = f"{self._at}/pulls/{action.pull}"
        wanted = {"sha": action.head, "merge_method": action.method, "commit_title": action.title}
        wanted |= {"commit_message": action.message} if action.message else {}
        try:
            answer = await self._github.write("PUT", f"{path}/merge", wanted)
        except GitHubError as error:
            if not error.unsure:
                raise
            if not (await self._github.get(path)).read(_Pull).merged:
                return why_not(error)
            return None
        return _why(answer)

    async def _mutate(self, document: str, wanted: dict[str, str]) -> str | None:
        _, faults = await self._github.mutate(document, {"input": wanted})
        return "; ".join(fault.message for fault in faults) or None


def _why(answer: Answer) -> str | None:
    return None if answer.ok else answer.message
