"""Writes to refs, and a commit on a branch. Each needs what its REST twin needs."""

from __future__ import annotations

import base64
import binascii

from bot.local.forge.access import find_account, find_repository
from bot.local.forge.git import move_refs, signature_of, signature_of_github
from bot.local.forge.git_objects import ZERO, NewEntry
from bot.local.forge.graphql.ask import (
    Ask,
    Info,
    Ref,
    failure,
    unresolved,
)
from bot.local.forge.graphql.commit_fields import commit_thing
from bot.local.forge.graphql.writing import Input, Payload, mutation, named, permit
from bot.local.forge.records import (
    Repository,
)


# -- refs -------------------------------------------------------------------------------------------------
@mutation("updateRefs")
def update_refs(info: Info, given: Input) -> Payload:
    """Move, make and delete refs, all or none."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "contents")
    updates = [
        (one["name"], one.get("before_oid"), one["after_oid"], bool(one.get("force")))
        for one in given["ref_updates"]
    ]
    move_refs(ask.state, home, ask.me, updates, token=ask.caller.token)
    return {}


@mutation("createRef")
def create_ref(info: Info, given: Input) -> Payload:
    """Make a ref."""
    home = named(info.context, given["repository_id"], Repository)
    ask = permit(info, home, "contents")
    name = given["name"]
    if ask.ref(home, name) is not None:
        raise failure("UNPROCESSABLE", f'A ref named "{name}" already exists in the repository.')
    move_refs(ask.state, home, ask.me, [(name, ZERO, given["oid"], False)], token=ask.caller.token)
    ask.refs.clear()
    return {"ref": ask.ref(home, name)}


@mutation("updateRef")
def update_ref(info: Info, given: Input) -> Payload:
    """Move a ref from wherever it is."""
    ref = named(info.context, given["ref_id"], Ref)
    ask = permit(info, ref.repository, "contents")
    update = (ref.name, None, given["oid"], bool(given.get("force")))
    move_refs(ask.state, ref.repository, ask.me, [update], token=ask.caller.token)
    ask.refs.clear()
    return {"ref": ask.ref(ref.repository, ref.name)}


@mutation("deleteRef")
def delete_ref(info: Info, given: Input) -> Payload:
    """Delete a ref."""
    ref = named(info.context, given["ref_id"], Ref)
    ask = permit(info, ref.repository, "contents")
    move_refs(ask.state, ref.repository, ask.me, [(ref.name, None, ZERO, False)], token=ask.caller.token)
    return {}


@mutation("createCommitOnBranch")
def create_commit(info: Info, given: Input) -> Payload:
    """Add a commit of the caller's to a branch that is where the caller believes it to be."""
    ref = _branch(info.context, given["branch"])
    home = ref.repository
    ask = permit(info, home, "contents")
    expected = given["expected_head_oid"]
    if ref.target.oid != expected:
        raise failure(
            "STALE_DATA", f'Expected branch to point to "{expected}" but it did not. Pull and try again.'
        )
    git = ask.git(home)
    changes = given.get("file_changes") or {}
    modes = {entry.path: entry.mode for entry in git.tree(expected, recursive=True)}
    entries = [NewEntry(one["path"], "", None) for one in changes.get("deletions") or ()]
    for one in changes.get("additions") or ():
        mode = modes.get(one["path"], "100644")
        entries.append(NewEntry(one["path"], mode, git.make_blob(_decode(one["contents"]))))
    message = given["message"]["headline"]
    if given["message"].get("body"):
        message += f"\n\n{given['message']['body']}"
    now = ask.state.now()
    tree = git.make_tree(git.commit(expected).tree, entries)
    oid = git.make_commit(tree, [expected], message, signature_of(ask.me, now), signature_of_github(now))
    move_refs(ask.state, home, ask.me, [(ref.name, expected, oid, False)], token=ask.caller.token)
    ask.refs.clear()
    return {"commit": commit_thing(home, oid), "ref": ask.ref(home, ref.name)}


def _branch(ask: Ask, given: Input) -> Ref:
    if given.get("id") is not None:
        return named(ask, given["id"], Ref)
    full, name = given.get("repository_name_with_owner") or "", given.get("branch_name") or ""
    login, _, short = full.partition("/")
    owner = find_account(ask.state, login)
    home = find_repository(ask.state, owner, short) if owner else None
    ref = ask.ref(home, name if name.startswith("refs/") else f"refs/heads/{name}") if home else None
    if ref is None:
        raise unresolved(f"a branch '{name}' of '{full}'")
    return ref


def _decode(contents: str) -> bytes:
    try:
        return base64.b64decode(contents, validate=True)
    except binascii.Error:
        raise failure("UNPROCESSABLE", "contents is not Base64") from None
