"""The answers that a job reads, as far as it reads them; names are GitHub's."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Part of an answer; what we do not read is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Fault(Shape):
    """One error of a GraphQL answer."""

    message: str = ""


class Numbered(Shape):
    """Something with a number."""

    number: int


class Commit(Shape):
    """What a ref points at."""

    oid: str
    message: str | None = None


class Ref(Shape):
    """A ref."""

    target: Commit | None


class Named(Shape):
    """Something with a name."""

    name: str


class Blob(Shape):
    """A file."""

    text: str | None = None
    isTruncated: bool = False


class Issue(Shape):
    """A bead's issue."""

    title: str
    body: str


class Comment(Shape):
    """A comment on an issue."""

    body: str | None = None


class Author(Shape):
    """Who wrote."""

    typename: str = Field(alias="__typename")
    login: str


class Remark(Shape):
    """A review, or a comment in a thread."""

    body: str
    author: Author | None = None
    editor: Author | None = None


class Remarks(Shape):
    """A page of them."""

    nodes: list[Remark]


class PageInfo(Shape):
    """Whether there is more."""

    hasNextPage: bool = False


class Thread(Shape):
    """A review thread."""

    id: str
    path: str
    line: int | None = None
    isResolved: bool
    comments: Remarks


class Threads(Shape):
    """A page of them."""

    pageInfo: PageInfo
    nodes: list[Thread]


class Context(Shape):
    """A check run or a commit status."""

    name: str = ""
    conclusion: str | None = None
    title: str | None = None
    summary: str | None = None
    context: str = ""
    state: str | None = None
    description: str | None = None


class Contexts(Shape):
    """A page of them."""

    nodes: list[Context]


class Rollup(Shape):
    """All checks of a commit."""

    contexts: Contexts


class Checked(Shape):
    """A commit with its checks."""

    statusCheckRollup: Rollup | None = None


class PullCommit(Shape):
    """A commit of a pull request."""

    commit: Checked


class PullCommits(Shape):
    """A page of them."""

    nodes: list[PullCommit]


class Pull(Shape):
    """An open pull request of the bead's branch."""

    id: str
    number: int
    headRefOid: str
    isCrossRepository: bool = False
    reviews: Remarks
    reviewThreads: Threads
    commits: PullCommits


class Pulls(Shape):
    """A page of them."""

    nodes: list[Pull]


class Label(Shape):
    """A label."""

    name: str


class Labels(Shape):
    """A page of them."""

    nodes: list[Label]


class Owner(Shape):
    """The repository of an issue."""

    id: str


class Below(Shape):
    """A sub-issue of a sub-issue."""

    number: int
    repository: Owner


class AllBelow(Shape):
    """A page of them."""

    nodes: list[Below]


class Child(Issue):
    """A sub-issue."""

    number: int
    state: str
    subIssues: AllBelow
    stateReason: str | None = None
    repository: Owner
    labels: Labels


class Children(Shape):
    """A page of them."""

    nodes: list[Child]


class Epic(Shape):
    """An issue with its sub-issues."""

    number: int
    title: str
    body: str
    repository: Owner
    subIssues: Children


class Placed(Shape):
    """An issue below its epic."""

    parent: Epic | None = None


class EpicRepository(Shape):
    """The repository with the issue."""

    id: str
    issue: Placed | None = None


class EpicAnswer(Shape):
    """The data of `EPIC`."""

    repository: EpicRepository | None = None


class ChangedFile(Shape):
    """A file that a pull request changes."""

    path: str


class ChangedFiles(Shape):
    """A page of them."""

    nodes: list[ChangedFile]


class Merged(Shape):
    """A merged pull request."""

    number: int
    isCrossRepository: bool = False
    mergeCommit: Commit | None = None
    files: ChangedFiles | None = None


class MergedPulls(Shape):
    """A page of them."""

    nodes: list[Merged]


class Repository(Shape):
    """Everything that a job reads of a repository."""

    id: str
    defaultBranchRef: Named | None = None
    claims: Ref | None = None
    policy: Blob | None = None
    branch: Ref | None = None
    partial: Ref | None = None
    issue: Issue | None = None
    pullRequests: Pulls


class FactsAnswer(Shape):
    """The data of `FACTS`."""

    repository: Repository | None = None


class Conversation(Shape):
    """An issue's last comments."""

    comments: Remarks


class CommentedRepository(Shape):
    """The repository of an issue with its comments."""

    issue: Conversation | None = None


class CommentsAnswer(Shape):
    """The data of `COMMENTS`."""

    repository: CommentedRepository | None = None
