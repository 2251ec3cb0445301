"""Our comments: found once by their markers, then known by their ids.

A comment is found by reading what is said there, all of it, once per process; from then on it is edited by
its id. A new one's answer shows what stands beside it, so that a twin is seen at once: one whose answer was
lost and that the look before did not show yet, or another coordinator's. Whoever looks last sees them all,
and the first stays.

What somebody else made of a comment meanwhile (another coordinator, a person with the right to) is seen when
its text is read again, in the same request as a look: see `Observer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.beads.markers import mark, read_marker
from bot.coordinator.actions import Say, Unsay
from bot.coordinator.shown import comment_key, shown_digest
from bot.github.answers import CommentNode, Connection, Shape
from bot.github.documents import COMMENTS, comments_document
from bot.github.errors import GitHubError
from bot.github.installation import Installation
from bot.github.known import Known, OwnComment

AT_ONCE = 20
"""How many issues' comments are read in one request."""

Input = Mapping[str, object]


class _Subject(Shape):
    comments: Connection[CommentNode] = Connection[CommentNode]()


class _CommentsReply(Shape):
    node: _Subject | None = None


class _Made(Shape):
    id: str


class _Edge(Shape):
    node: _Made | None = None


class _Added(Shape):
    comment_edge: _Edge | None = None
    subject: _Subject | None = None


@dataclass(slots=True)
class Found:
    """Our comments with the marker of each action, the oldest first, and why it could not be told."""

    comments: dict[str, list[CommentNode]] = field(default_factory=dict)
    faults: dict[str, GitHubError] = field(default_factory=dict)


class OwnComments:
    """What to write so that our comments say what they should, in one repository."""

    def __init__(self, installation: Installation, known: Known) -> None:
        self._github = installation
        self._known = known

    async def find(self, says: Sequence[Say | Unsay]) -> Found:
        """Look for those whose id is not known. Raises Limited."""
        unknown = {key: say for say in says if (key := _key(say)) not in self._known.comments}
        found = Found({key: [] for key, say in unknown.items() if isinstance(say, Say) and say.fresh})
        todo = [(key, say) for key, say in unknown.items() if key not in found.comments]
        for start in range(0, len(todo), AT_ONCE):
            await self._find(dict(todo[start : start + AT_ONCE]), found)
        return found

    async def _find(self, says: Mapping[str, Say | Unsay], found: Found) -> None:
        subjects = list(dict.fromkeys(say.node_id for say in says.values()))
        variables = {f"s{index}": subject for index, subject in enumerate(subjects)}
        try:
            document = comments_document(len(subjects))
            data = await self._github.query(document, dict[str, _Subject | None], variables, may_miss=True)
            for key, say in says.items():
                subject = data.get(f"s{subjects.index(say.node_id)}")
                if subject is None:
                    found.faults[key] = GitHubError(404, "there is nothing to comment on")
                else:
                    found.comments[key] = await self._with_this(say, subject.comments)
        except GitHubError as error:
            found.faults |= dict.fromkeys(says.keys() - found.comments.keys(), error)

    async def _with_this(self, say: Say | Unsay, page: Connection[CommentNode]) -> list[CommentNode]:
        found = _ours(page, say.marker)
        while page.page_info.has_previous_page:
            before = page.page_info.start_cursor
            variables = {"subject": say.node_id, "before": before}
            reply = await self._github.query(COMMENTS, _CommentsReply, variables)
            if reply.node is None:
                raise GitHubError(404, "there is nothing to comment on")
            page = reply.node.comments
            found = _ours(page, say.marker) + found
        return found

    def writes(self, say: Say, found: Found) -> list[tuple[str, Input]]:
        """What to write for it: the first comment is kept and edited, others with its marker go. Raises
        GitHubError when it could not be told what is there."""
        key, body = _key(say), _body(say)
        if key in found.faults:
            raise found.faults[key]
        if key not in found.comments:
            if self._known.shown.get(key) == shown_digest(say.body):
                return []
            return [("editComment", {"id": self._known.comments[key].id, "body": body})]
        if not found.comments[key]:
            return [("comment", {"subjectId": say.node_id, "body": body})]
        return self._keep_first(key, body, found.comments[key])

    def deletions(self, unsay: Unsay, found: Found) -> list[tuple[str, Input]]:
        """What to write so that none with its marker is there. Raises GitHubError like `writes`."""
        key = _key(unsay)
        if key in found.faults:
            raise found.faults[key]
        there = [one.id for one in found.comments.get(key, [])]
        known = [] if key in found.comments else [self._known.comments[key].id]
        return [("deleteComment", {"id": one}) for one in (*known, *there)]

    def twins(self, say: Say, payload: object) -> list[tuple[str, Input]]:
        """What to write when a new comment's answer tells what stands beside it."""
        added = _Added.model_validate(payload or {})
        there = _ours(added.subject.comments, say.marker) if added.subject is not None else []
        made = added.comment_edge.node if added.comment_edge is not None else None
        if there:
            return self._keep_first(_key(say), _body(say), there)
        if made is not None:
            self._known.comments[_key(say)] = OwnComment(made.id, self._github.app.clock())
        return []

    def note(self, say: Say | Unsay, refused: str | None) -> None:
        """Remember what it says now, or that this is not known."""
        key = _key(say)
        if refused is None and isinstance(say, Say):
            self._known.shown[key] = shown_digest(say.body)
        else:
            self._known.shown.pop(key, None)
            self._known.comments.pop(key, None)

    def _keep_first(self, key: str, body: str, there: Sequence[CommentNode]) -> list[tuple[str, Input]]:
        first, *twins = there
        self._known.comments[key] = OwnComment(first.id, self._github.app.clock())
        wanted: list[tuple[str, Input]] = [("deleteComment", {"id": one.id}) for one in twins]
        if first.body != body:
            wanted.append(("editComment", {"id": first.id, "body": body}))
        return wanted


def _key(say: Say | Unsay) -> str:
    return comment_key(say.number, say.marker)


def _body(say: Say) -> str:
    return mark(say.body, "comment", say.marker)


def _ours(page: Connection[CommentNode], marker: str) -> list[CommentNode]:
    return [one for one in page.nodes if one.viewer_did_author and read_marker(one.body, "comment") == marker]
