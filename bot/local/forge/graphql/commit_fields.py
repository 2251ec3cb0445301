"""Commits, trees, blobs and tags. Objects never change, so what was read of one is kept by its id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from bot.local.forge.git import account_of, object_node_id
from bot.local.forge.git_objects import OID, Commit, GitDir, GitError, Signature
from bot.local.forge.graphql.account_fields import path_of
from bot.local.forge.graphql.ask import Ask, GitThing, Info, Ref, failure, require
from bot.local.forge.graphql.connections import Connection, connect
from bot.local.forge.graphql.fields import field, plain
from bot.local.forge.graphql.repository_fields import CONTENTS, html_url
from bot.local.forge.records import Account, Issue, Pull, Repository

CO_AUTHOR = re.compile(r"^Co-authored-by: (.+?) <(.+?)>\s*$", re.MULTILINE | re.IGNORECASE)
OBJECTS = ("Commit", "Tree", "Blob", "Tag")


def commit_thing(home: Repository, oid: str) -> GitThing:
    """A commit as a source of fields."""
    return GitThing(home, "commit", oid)


def commit_of(source: GitThing, info: Info) -> Commit:
    """The commit object."""
    return info.context.git(source.repository).commit(source.oid)


@lru_cache(maxsize=5_000)
def history_of(git: GitDir, tip: str) -> tuple[str, ...]:
    """All commits reachable from one, newest first."""
    return tuple(git.log(tip))


@lru_cache(maxsize=5_000)
def distance(git: GitDir, base: str, head: str) -> tuple[int, int]:
    """By how many commits `head` is ahead of `base`, and behind it."""
    ours, theirs = set(history_of(git, head)), set(history_of(git, base))
    return len(ours - theirs), len(theirs - ours)


# -- finding ----------------------------------------------------------------------------------------------
@field("Repository.object")
def find_object(
    home: Repository, info: Info, oid: str | None = None, expression: str | None = None
) -> GitThing | None:
    """A git object by id or by `REV` or `REV:PATH`."""
    ask = require(info, home, CONTENTS)
    if oid is not None:
        kind = ask.git(home).kind(oid)
        return GitThing(home, kind, oid) if kind else None
    if expression is None:
        raise failure("ARGUMENT_ERROR", "Either `oid` or `expression` must be provided.")
    revision, colon, path = expression.partition(":")
    start = _revision(ask, home, revision)
    if start is None or not colon:
        return start
    return _walk(ask, home, start, [part for part in path.split("/") if part])


def _revision(ask: Ask, home: Repository, revision: str) -> GitThing | None:
    refs = ask.refs_of(home)
    if revision == "HEAD":
        return refs.get(f"refs/heads/{home.default_branch}")
    for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
        if name in refs:
            return refs[name]
    git = ask.git(home)
    kind = git.kind(revision) if OID.fullmatch(revision) else None
    if kind is not None:
        return GitThing(home, kind, revision)
    found = git.resolve(revision)
    return commit_thing(home, found) if found else None


def _walk(ask: Ask, home: Repository, start: GitThing, path: list[str]) -> GitThing | None:
    git = ask.git(home)
    try:
        tree = start.oid if start.kind == "tree" else git.commit(start.oid).tree
        thing = GitThing(home, "tree", tree)
        for part in path:
            entries = {entry.path: entry for entry in git.tree(thing.oid)} if thing.kind == "tree" else {}
            if part not in entries:
                return None
            thing = GitThing(home, entries[part].type, entries[part].oid)
    except GitError:
        return None
    return thing


# -- what all objects have --------------------------------------------------------------------------------
@field(*(f"{kind}.id" for kind in OBJECTS))
def object_id(source: GitThing, _info: Info) -> str:
    """Its global id; git objects have no record."""
    return object_node_id(source.kind.capitalize(), source.repository, source.oid)


@field(*(f"{kind}.abbreviatedOid" for kind in OBJECTS))
def abbreviated(source: GitThing, _info: Info) -> str:
    """Seven characters."""
    return source.oid[:7]


@field("Commit.url", *(f"{kind}.commitUrl" for kind in OBJECTS))
def commit_url(source: GitThing, info: Info) -> str:
    """The commit's page."""
    return f"{html_url(info.context, source.repository)}/commit/{source.oid}"


@field("Commit.resourcePath", *(f"{kind}.commitResourcePath" for kind in OBJECTS))
def commit_path(source: GitThing, info: Info) -> str:
    """The commit's page's path."""
    return path_of(commit_url(source, info))


for _type in OBJECTS:
    plain(_type, oid="oid")


# -- commits ----------------------------------------------------------------------------------------------
@field("Commit.message")
def message(source: GitThing, info: Info) -> str:
    """The whole message, without the line end that git keeps."""
    return commit_of(source, info).message.rstrip("\n")


@field("Commit.messageHeadline")
def headline(source: GitThing, info: Info) -> str:
    """The message's first line."""
    return message(source, info).partition("\n")[0]


@field("Commit.messageBody")
def body(source: GitThing, info: Info) -> str:
    """What follows the first line."""
    return message(source, info).partition("\n")[2].lstrip("\n")


@field("Commit.committedDate")
def committed_date(source: GitThing, info: Info) -> datetime:
    """When it was committed."""
    return commit_of(source, info).committer.at


@field("Commit.authoredDate")
def authored_date(source: GitThing, info: Info) -> datetime:
    """When it was written."""
    return commit_of(source, info).author.at


@field("Commit.author")
def author(source: GitThing, info: Info) -> Signature:
    """Who wrote it."""
    return commit_of(source, info).author


@field("Commit.committer")
def committer(source: GitThing, info: Info) -> Signature:
    """Who committed it."""
    return commit_of(source, info).committer


@field("Commit.authors")
def authors(source: GitThing, info: Info, **page: Any) -> Connection:
    """Who wrote it, and who the message's trailers name as co-authors."""
    found = commit_of(source, info)
    others = [Signature(name, email, found.author.at) for name, email in CO_AUTHOR.findall(found.message)]
    return connect(info, [found.author, *others], **page)


plain("GitActor", name="name", email="email", date="at")


@field("GitActor.user")
def git_user(signature: Signature, info: Info) -> Account | None:
    """The account whose address it is."""
    return account_of(info.context.state, signature)


@field("Commit.parents")
def parents(source: GitThing, info: Info, **page: Any) -> Connection:
    """The commits before it."""
    return connect(
        info, [commit_thing(source.repository, oid) for oid in commit_of(source, info).parents], **page
    )


@field("Commit.history")
def history(source: GitThing, info: Info, path: str | None = None, **page: Any) -> Connection:
    """Everything reachable, or what of it changed a path, newest first."""
    git = info.context.git(source.repository)
    oids: Sequence[str] = history_of(git, source.oid) if path is None else git.log(source.oid, path=path)
    return connect(info, [commit_thing(source.repository, oid) for oid in oids], **page)


@field("Commit.tree")
def tree(source: GitThing, info: Info) -> GitThing:
    """What it holds."""
    return GitThing(source.repository, "tree", commit_of(source, info).tree)


@field("Commit.associatedPullRequests")
def associated_pulls(
    source: GitThing, info: Info, order_by: dict[str, str] | None = None, **page: Any
) -> Connection:
    """The pull requests that it is the head or the merge of, and the open ones that it is a part of."""
    ask = info.context
    git = ask.git(source.repository)

    def belongs(pull: Pull) -> bool:
        if source.oid in (pull.head_sha, pull.merge_commit_sha):
            return True
        if ask.state.get(Issue, pull.issue_id).state != "open":
            return False
        return source.oid in history_of(git, pull.head_sha) and not git.is_ancestor(source.oid, pull.base_sha)

    found = [pull for pull in ask.state.find(Pull, repo_id=source.repository.id) if belongs(pull)]
    return connect(info, found[::-1] if order_by and order_by["direction"] == "DESC" else found, **page)


# -- comparing --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Comparison:
    """Two commits of a repository, held against each other."""

    base: GitThing
    head: GitThing


@field("Ref.compare")
def compare(source: Ref, info: Info, head_ref: str) -> Comparison | None:
    """This ref as the base, another as the head; null for a head that is none."""
    head = _revision(info.context, source.repository, head_ref)
    if head is None or head.kind != "commit" or source.target.kind != "commit":
        return None
    return Comparison(source.target, head)


plain("Comparison", baseTarget="base", headTarget="head")


def _distance(source: Comparison, info: Info) -> tuple[int, int]:
    return distance(info.context.git(source.base.repository), source.base.oid, source.head.oid)


@field("Comparison.id")
def comparison_id(source: Comparison, _info: Info) -> str:
    """Made of both ends."""
    return object_node_id("Comparison", source.base.repository, f"{source.base.oid}...{source.head.oid}")


@field("Comparison.aheadBy")
def ahead_by(source: Comparison, info: Info) -> int:
    """Commits that only the head has."""
    return _distance(source, info)[0]


@field("Comparison.behindBy")
def behind_by(source: Comparison, info: Info) -> int:
    """Commits that only the base has."""
    return _distance(source, info)[1]


@field("Comparison.status")
def comparison_status(source: Comparison, info: Info) -> str:
    """AHEAD, BEHIND, DIVERGED or IDENTICAL."""
    ahead, behind = _distance(source, info)
    if ahead and behind:
        return "DIVERGED"
    return "AHEAD" if ahead else "BEHIND" if behind else "IDENTICAL"


@field("Comparison.commits")
def comparison_commits(source: Comparison, info: Info, **page: Any) -> Connection:
    """The commits that only the head has, oldest first."""
    home = source.base.repository
    git = info.context.git(home)
    known = set(history_of(git, source.base.oid))
    oids = [oid for oid in reversed(history_of(git, source.head.oid)) if oid not in known]
    return connect(info, [commit_thing(home, oid) for oid in oids], **page)
