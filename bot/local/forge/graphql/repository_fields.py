"""Repositories: what they are set to, their refs, labels, protection and people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.local.forge.access import can_see, find_account, find_repository
from bot.local.forge.git import object_node_id
from bot.local.forge.graphql.account_fields import path_of
from bot.local.forge.graphql.ask import (
    Ask,
    Info,
    Ref,
    failure,
    find_node,
    require,
    unresolved,
)
from bot.local.forge.graphql.connections import Connection, Edge, connect
from bot.local.forge.graphql.fields import constant, field, plain
from bot.local.forge.http import Need, reads, role_of
from bot.local.forge.issues import assignable
from bot.local.forge.labels import find_label
from bot.local.forge.records import Account, Label, Record, Repository
from bot.local.forge.render import full_name, repository_html_url
from bot.local.forge.state import Missing

CONTENTS = reads("contents")


# -- roots ------------------------------------------------------------------------------------------------
@field("Query.repository")
def repository(_root: None, info: Info, owner: str, name: str) -> Repository:
    """A repository by name."""
    ask = info.context
    account = find_account(ask.state, owner)
    found = find_repository(ask.state, account, name) if account else None
    if found is None or not can_see(ask.state, ask.caller, found):
        raise unresolved(f"a Repository with the name '{owner}/{name}'")
    return found


@field("Query.node")
def node(_root: None, info: Info, id: str) -> object:
    """Anything by its global id."""
    return find_node(info.context, id)


@field("Query.nodes")
def nodes(_root: None, info: Info, ids: list[str]) -> list[object]:
    """Several at once; what is not there is null, with an error of its own."""
    if len(ids) > 100:
        raise failure(
            "ARGUMENT_LIMIT", f"You may not provide more than 100 node ids; you provided {len(ids)}."
        )
    ask = info.context

    def look(one: str) -> object:
        try:
            return find_node(ask, one)
        except Exception as error:
            return error  # graphql-core turns an exception in a list into null and an error with its path

    return [look(one) for one in ids]


# -- the repository itself --------------------------------------------------------------------------------
plain(
    "Repository",
    databaseId="id",
    name="name",
    description="description",
    isPrivate="private",
    isArchived="archived",
    hasIssuesEnabled="has_issues",
    createdAt="created_at",
    updatedAt="updated_at",
    pushedAt="pushed_at",
    mergeCommitAllowed="allow_merge_commit",
    squashMergeAllowed="allow_squash_merge",
    rebaseMergeAllowed="allow_rebase_merge",
    autoMergeAllowed="allow_auto_merge",
    allowUpdateBranch="allow_update_branch",
    deleteBranchOnMerge="delete_branch_on_merge",
)
constant("Repository", isFork=False)


@field("Repository.nameWithOwner")
def name_with_owner(home: Repository, info: Info) -> str:
    """`OWNER/NAME`."""
    return full_name(info.context.state, home)


@field("Repository.owner")
def owner(home: Repository, info: Info) -> Account:
    """Whose it is."""
    return info.context.state.get(Account, home.owner_id)


@field("Repository.url")
def url(home: Repository, info: Info) -> str:
    """Its page."""
    return html_url(info.context, home)


@field("Repository.resourcePath")
def resource_path(home: Repository, info: Info) -> str:
    """Its page's path."""
    return path_of(html_url(info.context, home))


def html_url(ask: Ask, home: Repository) -> str:
    """The repository's page."""
    return repository_html_url(ask.state, ask.base_url, home)


@field("Repository.visibility")
def visibility(home: Repository, _info: Info) -> str:
    """PRIVATE or PUBLIC; there are no enterprises here."""
    return "PRIVATE" if home.private else "PUBLIC"


@field("Repository.sshUrl")
def ssh_url(home: Repository, info: Info) -> str:
    """Where to clone from; as REST's `ssh_url` an HTTP address, for nothing here speaks SSH."""
    return f"{html_url(info.context, home)}.git"


@field("Repository.isInOrganization")
def is_in_organization(home: Repository, info: Info) -> bool:
    """Whether an organisation owns it."""
    return owner(home, info).type == "Organization"


@field("Repository.viewerDefaultMergeMethod")
def default_merge_method(home: Repository, _info: Info) -> str:
    """The first way to merge that is allowed; GitHub remembers which one the caller used last."""
    ways = {"MERGE": home.allow_merge_commit, "SQUASH": home.allow_squash_merge}
    return next((way for way, allowed in ways.items() if allowed), "REBASE")


@field("Repository.isEmpty")
def is_empty(home: Repository, info: Info) -> bool:
    """Whether it has no branch."""
    return not any(name.startswith("refs/heads/") for name in info.context.refs_of(home))


@field("Repository.viewerPermission")
def viewer_permission(home: Repository, info: Info) -> str | None:
    """What the caller may do: a person's role, or what an App's `contents` amounts to."""
    ask = info.context
    if ask.caller.token is not None and ask.caller.token.permissions is not None:
        writes_here = ask.may(home, Need(("contents",), "write"))
        return "WRITE" if writes_here else "READ"
    role = role_of(ask.state, ask.me, home)
    return None if role == "none" else role.upper()


@field("Repository.viewerCanAdminister")
def viewer_can_administer(home: Repository, info: Info) -> bool:
    """Whether the caller may change its settings."""
    return info.context.may(home, Need(("administration",), "write", "admin"))


# -- refs -------------------------------------------------------------------------------------------------
@field("Repository.defaultBranchRef")
def default_branch_ref(home: Repository, info: Info) -> Ref | None:
    """The default branch, null in an empty repository."""
    return require(info, home, CONTENTS).ref(home, f"refs/heads/{home.default_branch}")


@field("Repository.ref")
def ref(home: Repository, info: Info, qualified_name: str) -> Ref | None:
    """A ref by its full name, or as git would look it up."""
    ask = require(info, home, CONTENTS)
    for name in (
        qualified_name,
        f"refs/{qualified_name}",
        f"refs/tags/{qualified_name}",
        f"refs/heads/{qualified_name}",
    ):
        found = ask.ref(home, name)
        if found is not None:
            return found
    return None


@field("Repository.refs")
def refs(home: Repository, info: Info, ref_prefix: str, query: str | None = None, **page: Any) -> Connection:
    """The refs below a prefix, by name; `query` is a part of the name."""
    ask = require(info, home, CONTENTS)
    prefix = ref_prefix if ref_prefix.endswith("/") else f"{ref_prefix}/"
    found = [
        Ref(home, name, target)
        for name, target in ask.refs_of(home).items()
        if name.startswith(prefix) and (query is None or query.lower() in name.removeprefix(prefix).lower())
    ]
    return connect(info, found, **page)


plain("Ref", repository="repository", target="target")


@field("Ref.id")
def ref_id(source: Ref, _info: Info) -> str:
    """Its global id; refs have no record."""
    return object_node_id("Ref", source.repository, source.name)


def split_ref(name: str) -> tuple[str, str]:
    """A full name's `prefix` and `name`: `refs/heads/`, `bead/1`."""
    for prefix in ("refs/heads/", "refs/tags/"):
        if name.startswith(prefix):
            return prefix, name.removeprefix(prefix)
    folder, _, short = name.rpartition("/")
    return f"{folder}/", short


@field("Ref.prefix")
def ref_prefix(source: Ref, _info: Info) -> str:
    """`refs/heads/` of a branch."""
    return split_ref(source.name)[0]


@field("Ref.name")
def ref_name(source: Ref, _info: Info) -> str:
    """The name without its prefix."""
    return split_ref(source.name)[1]


# -- labels -----------------------------------------------------------------------------------------------
@field("Repository.label")
def label(home: Repository, info: Info, name: str) -> Label | None:
    """A label by name."""
    return find_label(info.context.state, home, name)


@field("Repository.labels")
def labels(
    home: Repository,
    info: Info,
    query: str | None = None,
    order_by: dict[str, str] | None = None,
    **page: Any,
) -> Connection:
    """All labels; `query` is a part of the name or the description."""
    found = [
        one
        for one in info.context.state.find(Label, repo_id=home.id)
        if query is None or query.lower() in f"{one.name}\n{one.description or ''}".lower()
    ]
    return connect(info, sort_labels(found, order_by), **page)


def sort_labels(found: list[Label], order_by: dict[str, str] | None) -> list[Label]:
    """By name or by age; by age when nothing is said."""
    if order_by is None:
        return found
    by_name = order_by["field"] == "NAME"
    return sorted(
        found, key=lambda one: (one.key if by_name else "", one.id), reverse=order_by["direction"] == "DESC"
    )


plain("Label", name="name", color="color", description="description", isDefault="default")


@field("Label.url")
def label_url(source: Label, info: Info) -> str:
    """Its page."""
    ask = info.context
    return f"{html_url(ask, ask.state.get(Repository, source.repo_id))}/labels/{source.name}"


@field("Label.resourcePath")
def label_path(source: Label, info: Info) -> str:
    """Its page's path."""
    return path_of(label_url(source, info))


# -- people -----------------------------------------------------------------------------------------------
@field("Repository.assignableUsers", "Repository.mentionableUsers")
def assignable_users(home: Repository, info: Info, query: str | None = None, **page: Any) -> Connection:
    """Who can be assigned; these can be mentioned too, which on GitHub others can be as well."""
    people = [
        one for one in assignable(info.context.state, home) if (query or "").lower() in one.login.lower()
    ]
    return connect(info, people, **page)


@field("Repository.collaborators")
def collaborators(
    home: Repository, info: Info, login: str | None = None, **page: Any
) -> Collaborators | None:
    """Everybody with a role, their permission on the edge; only who may push sees them."""
    ask = info.context
    if not ask.may(home, Need(("metadata",), "read", "write")):
        return None
    people = [one for one in assignable(ask.state, home) if login in (None, one.login)]
    found = connect(info, people, **page)
    return Collaborators(found.everything, found.start, found.stop, home)


@dataclass(frozen=True, slots=True)
class Collaborators(Connection):
    """People with their roles in `home`."""

    home: Repository


@field("RepositoryCollaboratorConnection.edges")
def collaborator_edges(people: Collaborators, info: Info) -> list[Edge]:
    """Each person with their role."""
    ask = info.context
    return [
        Edge(edge.node, edge.cursor, role_of(ask.state, edge.node, people.home).upper())
        for edge in people.edges
        if isinstance(edge.node, Account)
    ]


plain("RepositoryCollaboratorEdge", permission="about")


# -- what everything in a repository has ------------------------------------------------------------------
def home_of(source: Record, info: Info) -> Repository:
    """The repository that a record names in `repo_id`."""
    repo_id = getattr(source, "repo_id", None)
    if not isinstance(repo_id, int):
        raise Missing(type(source).__name__)
    return info.context.state.get(Repository, repo_id)


for _type in (
    "Issue",
    "PullRequest",
    "IssueComment",
    "PullRequestReview",
    "PullRequestReviewThread",
    "PullRequestReviewComment",
    "Label",
    "BranchProtectionRule",
    "CheckRun",
    "CheckSuite",
):
    field(f"{_type}.repository")(home_of)
for _type in ("Commit", "Tree", "Blob", "Tag"):
    plain(_type, repository="repository")
