"""What people say: the comments of a repository that may hold commands, and who stands behind each.

One REST list covers the comments of issues and pull requests alike. It is read when a delivery tells of a
comment, when a process starts, and otherwise every ten minutes; with the ETag of the list before, so that an
unchanged one costs nothing. Only comments whose text looks like a command are looked at further, by one
GraphQL request: text, author, everybody who edited it, and our reactions, all of one moment.

- The first list of a process goes back to an hour before `heard_until` in the claims (a day where nothing is
  recorded), every later one to shortly before the newest comment that was seen.
- A comment that carries our final reaction is never looked at again, and neither is one that GitHub did not
  let us react to (a locked conversation).
- A comment counts for no more than the least that its author and everybody who edited it may do. What is our
  own is no comment at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from bot.beads.authority import Permission
from bot.beads.commands import may_hold_commands
from bot.beads.labels import DEFAULT, LabelNames
from bot.coordinator.hear import MARGIN
from bot.coordinator.snapshot import Comment, Snapshot
from bot.github.actors import GHOST, login_of
from bot.github.answers import Actor, Connection, Named, Shape
from bot.github.client import Answer
from bot.github.documents import TALK
from bot.github.installation import Installation
from bot.github.permissions import Permissions
from bot.github.snapshot_of import BRANCH

KEPT = timedelta(minutes=9)
"""How long a list stands where nobody tells of a comment; the regular look comes every ten minutes."""
FIRST = timedelta(days=1)
"""How far a process looks back where the claims record nothing."""
LATE = timedelta(minutes=5)
"""How much later than a newer one a comment may show in the list."""
PAGE = 100
FINAL = frozenset({"ROCKET", "THUMBS_DOWN"})


class _User(BaseModel):
    login: str
    type: str = "User"


class Row(BaseModel):
    """A comment as REST lists it."""

    id: int
    node_id: str
    body: str | None = None
    html_url: str
    user: _User | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def on_pull(self) -> bool:
        """Whether it is on a pull request."""
        return "/pull/" in self.html_url

    @property
    def login(self) -> str:
        """Its author, as REST spells them."""
        return self.user.login if self.user is not None else GHOST


class _Group(Shape):
    content: str
    viewer_has_reacted: bool


class _Edit(Shape):
    editor: Actor | None = None


class _Subject(Shape):
    id: str
    number: int
    state: str
    labels: Connection[Named] | None = None
    head_ref_name: str = ""
    is_cross_repository: bool = False


class Node(Shape):
    """A comment as GraphQL knows it; it is on an issue or a pull request."""

    id: str
    body: str
    viewer_did_author: bool = False
    author: Actor | None = None
    reaction_groups: list[_Group] | None = None
    user_content_edits: Connection[_Edit] | None = None
    issue: _Subject | None = None
    pull_request: _Subject | None = None

    @property
    def over(self) -> bool:
        """Whether it is no matter of ours: our own, or answered for good."""
        return self.viewer_did_author or any(
            group.viewer_has_reacted and group.content in FINAL for group in self.reaction_groups or ()
        )

    @property
    def taken(self) -> bool:
        """Whether our `eyes` are on it."""
        return any(
            group.viewer_has_reacted and group.content == "EYES" for group in self.reaction_groups or ()
        )

    @property
    def people(self) -> frozenset[str]:
        """Everybody whose words its text may be; nobody known where it was edited too often to tell."""
        edits = self.user_content_edits or Connection[_Edit]()
        logins = {login_of(self.author), *(login_of(edit.editor) for edit in edits.nodes)}
        return frozenset(logins | ({GHOST} if edits.page_info.has_next_page else set()))


class _Reply(Shape):
    issues: list[Node | None] = Field(default_factory=list)
    pulls: list[Node | None] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Talk:
    """The comments that wait for an answer, what everybody may do whose words they are, and the moment up to
    which all were looked at."""

    comments: tuple[Comment, ...]
    authority: Mapping[str, Permission]
    heard_until: datetime | None


class TalkReader:
    """Reads the comments of one repository (``owner/name``).

    Args:
        installation: whose calls these are.
        repository: where.
        permissions: looks up what people may do there.
        signed: the nodes of comments that our final reaction is on, or cannot be put on; shared with who
            reacts.
    """

    def __init__(
        self,
        installation: Installation,
        repository: str,
        permissions: Permissions,
        signed: set[str],
    ) -> None:
        self._github = installation
        self._path = f"/repos/{repository}/issues/comments"
        self._permissions = permissions
        self._signed = signed
        self._rows: dict[int, Row] = {}
        self._nodes: dict[str, Node] = {}
        self._since: datetime | None = None
        self._page: tuple[datetime, str, list[Row]] | None = None
        self._listed_at: datetime | None = None

    async def of(self, snapshot: Snapshot, *, fresh: bool) -> Talk:
        """What waits for an answer, in this look; `fresh`: somebody has told of a comment.

        Raises GitHubError, Limited.
        """
        now = self._github.app.clock()
        if fresh or self._listed_at is None or now - self._listed_at >= KEPT:
            await self._list(snapshot.claims.heard_until, now)
            await self._look(snapshot.own)
            self._listed_at = now
        waiting = [
            (row, self._nodes[row.node_id])
            for row in self._rows.values()
            if row.node_id in self._nodes and row.node_id not in self._signed
        ]
        everybody = {login for _, node in waiting for login in node.people}
        may = await self._permissions.of(everybody, snapshot.policy.bots, snapshot.own)
        comments = [
            comment_of(row, node, may, _earlier(row, self._rows.values()), snapshot.policy.spelling)
            for row, node in waiting
        ]
        newest = max((row.updated_at for row in self._rows.values()), default=None)
        return Talk(tuple(comment for comment in comments if comment is not None), may, newest)

    async def _list(self, heard_until: datetime | None, now: datetime) -> None:
        if self._since is None:
            self._since = heard_until - MARGIN if heard_until is not None else now - FIRST
        newest = max((row.updated_at for row in self._rows.values()), default=None)
        since = max(self._since, newest - LATE) if newest is not None else self._since
        for row in await self._pages(since):
            self._rows[row.id] = row
        if newest is not None:
            # What is older than the hour that is counted matters only while it waits.
            self._rows = {
                number: row
                for number, row in self._rows.items()
                if row.updated_at >= newest - MARGIN
                or (row.node_id in self._nodes and row.node_id not in self._signed)
            }

    async def _pages(self, since: datetime) -> list[Row]:
        known = self._page if self._page is not None and self._page[0] == since else None
        answer = await self._get(since, 1, known[1] if known is not None else None)
        if known is not None and answer.status == 304:
            return known[2]
        rows = answer.read(list[Row])
        tag = answer.headers.get("etag")
        self._page = (since, tag, rows) if tag is not None and len(rows) < PAGE else None
        found = list(rows)
        page = 1
        while len(rows) == PAGE:
            page += 1
            rows = (await self._get(since, page)).read(list[Row])
            found += rows
        return found

    async def _get(self, since: datetime, page: int, etag: str | None = None) -> Answer:
        return await self._github.get(
            self._path,
            etag=etag,
            since=since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            sort="updated",
            direction="asc",
            per_page=PAGE,
            page=page,
        )

    async def _look(self, own: str) -> None:
        """Look at what may hold commands and is not known to be answered; `own` is our App's bot."""
        wanted = [
            row
            for row in self._rows.values()
            if row.node_id not in self._signed and row.login != own and may_hold_commands(row.body or "")
        ]
        self._nodes = {}
        for start in range(0, len(wanted), PAGE):
            part = wanted[start : start + PAGE]
            ids = {
                "issues": [row.node_id for row in part if not row.on_pull],
                "pulls": [row.node_id for row in part if row.on_pull],
            }
            reply = await self._github.query(TALK, _Reply, ids, may_miss=True)
            for node in (*reply.issues, *reply.pulls):
                if node is not None and node.over:
                    self._signed.add(node.id)
                elif node is not None:
                    self._nodes[node.id] = node


def comment_of(
    row: Row, node: Node, may: Mapping[str, Permission], earlier: int, spelling: LabelNames = DEFAULT
) -> Comment | None:
    """A comment as the coordinator sees it; None where what it was on is gone."""
    subject = node.pull_request or node.issue
    if subject is None:
        return None
    bead: int | None = None
    if node.pull_request is not None:
        if BRANCH.fullmatch(subject.head_ref_name) and not subject.is_cross_repository:
            bead = int(subject.head_ref_name.partition("/")[2])
    elif spelling.bead.lower() in (
        label.name.lower() for label in (subject.labels or Connection[Named]()).nodes
    ):
        bead = subject.number
    return Comment(
        id=node.id,
        database_id=row.id,
        number=subject.number,
        subject=subject.id,
        on_pull=node.pull_request is not None,
        bead=bead,
        login=login_of(node.author),
        permission=min(may.get(login, Permission.NONE) for login in node.people),
        body=node.body,
        at=row.created_at,
        taken=node.taken,
        url=row.html_url,
        open=subject.state == "OPEN",
        earlier=earlier,
    )


def _earlier(row: Row, rows: Iterable[Row]) -> int:
    """How many comments with commands its author wrote in the hour before it."""
    return sum(
        one.login == row.login
        and may_hold_commands(one.body or "")
        and (one.created_at, one.id) < (row.created_at, row.id)
        and row.created_at - one.created_at < MARGIN
        for one in rows
    )
