"""Git over smart HTTP: `git http-backend` on the bare repositories, with the forge's tokens and rules.

A fetch goes straight through. A push is looked at first: its commands are read from the body, its objects
are unpacked into the repository (objects that no ref reaches harm nobody), and each command is judged, in
this process, by what `move_refs` judges by. `git receive-pack` then gets the same body with an `update` hook
that says the verdict of each ref, so the client is told by git itself, ref by ref; it moves a ref only from
where the command says that it was, so nothing that changes in between is overwritten.

https://git-scm.com/docs/http-protocol, https://git-scm.com/docs/gitprotocol-pack
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.local.forge import access, git, protection
from bot.local.forge.auth import authenticate
from bot.local.forge.git_objects import OID, GitError, environment
from bot.local.forge.http import Caller, Refused, allowed, reads, writes
from bot.local.forge.records import Repository
from bot.local.forge.state import State

SERVICES = ("git-upload-pack", "git-receive-pack")
CHUNK = 65_536
HOOK = """#!/bin/sh
# The forge has judged every ref before; a ref that it has not judged is refused.
verdict="$FORGE_VERDICTS/$(printf %s "$1" | git hash-object --stdin)" || exit 1
[ -f "$verdict" ] || exit 1
[ -s "$verdict" ] || exit 0
cat "$verdict" >&2
exit 1
"""
CONFIG = {
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "receive.hideRefs": "refs/pull",
    "receive.autogc": "false",
    "core.logAllRefUpdates": "false",
    "safe.directory": "*",
}


@dataclass(frozen=True, slots=True)
class Push:
    """What a push asks for: refs with where they were and shall be, and where in the body the pack begins."""

    commands: tuple[git.Move, ...]
    capabilities: frozenset[str]
    pack_at: int


async def serve_git(state: State, request: Request) -> Response:
    """Answer one request below ``/OWNER/NAME.git`` (the ending is optional, as on GitHub)."""
    parts = request.url.path.strip("/").split("/", 2)
    if len(parts) < 3:
        return _text(404, "Not Found")
    owner, name, rest = parts
    service = request.query_params.get("service") if rest == "info/refs" else rest
    if service not in SERVICES:
        return _text(403, "Please upgrade your git client: dumb HTTP is not served.")
    try:
        caller = authenticate(state, request.headers.get("authorization"))
        repository = _authorise(state, caller, owner, name.removesuffix(".git"), service)
    except Refused as refused:
        if refused.status == 401:
            return _text(401, "Invalid username or token.", {"WWW-Authenticate": 'Basic realm="GitHub"'})
        return _text(refused.status, refused.message)
    body = await request.body()
    if request.headers.get("content-encoding") in ("gzip", "x-gzip"):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            return _text(400, "The body is not gzip")
    variables = {
        "GIT_PROJECT_ROOT": str(state.git_dir(repository)),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{rest}",
        "QUERY_STRING": request.url.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_USER": caller.account.login if caller.account else "",
        "REMOTE_ADDR": "127.0.0.1",
    }
    if rest == "git-receive-pack":
        return await _receive(state, caller, repository, body, variables)
    return await _backend(body, variables)


def _authorise(state: State, caller: Caller, owner: str, name: str, service: str) -> Repository:
    """The repository that the caller may use so. Raises Refused as GitHub answers the git client."""
    account = access.find_account(state, owner)
    repository = access.find_repository(state, account, name) if account else None
    if repository is None or not access.can_see(state, caller, repository) or caller.app is not None:
        if caller.account is None or caller.app is not None:
            raise Refused(401, "Requires authentication")
        raise Refused(404, "Repository not found.")
    if service == "git-upload-pack":
        if not allowed(state, caller, repository, reads("contents")):
            raise Refused(403, f"Permission to {owner}/{name}.git denied to {_login(caller)}.")
        return repository
    if caller.account is None:
        raise Refused(401, "Requires authentication")
    if not allowed(state, caller, repository, writes("contents")):
        raise Refused(403, f"Permission to {owner}/{name}.git denied to {_login(caller)}.")
    if repository.archived:
        raise Refused(403, "This repository was archived so it is read-only.")
    return repository


def _login(caller: Caller) -> str:
    return caller.account.login if caller.account else "anonymous"


# -- pushing ----------------------------------------------------------------------------------------------
async def _receive(
    state: State, caller: Caller, repository: Repository, body: bytes, variables: dict[str, str]
) -> Response:
    assert caller.account is not None
    try:
        push = read_push(body)
    except ValueError as wrong:
        return _text(400, f"The push cannot be read: {wrong}")
    if not push.commands:
        return await _backend(body, variables)  # git asks so whether it is let in, before a large push
    if len(body) > push.pack_at:
        await _unpack(state, repository, body[push.pack_at :])
    verdicts = {move.name: _verdict(state, caller, repository, move) for move in push.commands}
    with tempfile.TemporaryDirectory(dir=state.folder) as folder:
        hooks, said = Path(folder, "hooks"), Path(folder, "verdicts")
        hooks.mkdir()
        said.mkdir()
        (hooks / "update").write_text(HOOK)
        (hooks / "update").chmod(0o755)
        for name, verdict in verdicts.items():
            (said / _blob_id(name.encode())).write_text(verdict)
        extra = {"core.hooksPath": str(hooks)}
        response = await _backend(body, {**variables, "FORGE_VERDICTS": str(said)}, extra, whole=True)
    accepted = accepted_refs(bytes(response.body), push)
    git.settle(state, repository, caller.account, [move for move in push.commands if move.name in accepted])
    state.commit()
    return response


def _verdict(state: State, caller: Caller, repository: Repository, move: git.Move) -> str:
    """Why a ref may not move so, as the client shall read it; nothing for a ref that may."""
    assert caller.account is not None
    repo = git.open_git(state, repository)
    if move.name.startswith("refs/pull/"):
        return "error: refs/pull is read-only\n"
    if not repo.is_ref_name(move.name):
        return f"error: {move.name} is not a name for a ref\n"
    try:
        if not git.may_change_workflows(caller.token) and (
            path := git.touched_workflow(repo, repository, move)
        ):
            return git.workflow_refusal(path) + "\n"
        blocks = protection.push_blocks(state, repository, caller.account, move.name, move.before, move.after)
    except GitError:
        return "error: an object that the push needs is not there\n"
    return protection.explain_push(blocks, move.name) if blocks else ""


async def _unpack(state: State, repository: Repository, pack: bytes) -> None:
    """Write a pack's objects. One that is not whole is left for `receive-pack` to refuse."""
    process = await asyncio.create_subprocess_exec(
        "git",
        "--git-dir",
        str(state.git_dir(repository)),
        "unpack-objects",
        "-q",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
    )
    await process.communicate(pack)


def read_push(body: bytes) -> Push:
    """The command list at the start of a receive-pack request. Raises ValueError for what is none."""
    moves: list[git.Move] = []
    capabilities: frozenset[str] = frozenset()
    at = 0
    for line, end in _packets(body):
        at = end
        if line is None:
            break
        if line.startswith(b"shallow "):
            continue
        command, _, listed = line.partition(b"\0")
        if listed:
            capabilities = frozenset(listed.decode().split())
        before, after, name = command.decode().rstrip("\n").split(" ", 2)
        if not (OID.fullmatch(before) and OID.fullmatch(after)):
            raise ValueError("an object id is wrong")
        moves.append(git.Move(name, before, after))
    if "push-options" in capabilities:
        for line, end in _packets(body[at:]):
            if line is None:
                at += end
                break
    return Push(tuple(moves), capabilities, at)


def accepted_refs(body: bytes, push: Push) -> set[str]:
    """The refs that `receive-pack` reports to have moved."""
    report = body
    if {"side-band-64k", "side-band"} & push.capabilities:
        report = b"".join(line[1:] for line, _ in _packets(body) if line and line[0] == 1)
    lines = [line.decode().rstrip("\n") for line, _ in _packets(report) if line]
    return {line.removeprefix("ok ") for line in lines if line.startswith("ok ")}


def _packets(data: bytes) -> Iterator[tuple[bytes | None, int]]:
    """The pkt-lines of a stream (None for a flush) and where each ends."""
    at = 0
    while at < len(data):
        size = int(data[at : at + 4], 16)
        if size == 0:
            at += 4
            yield None, at
        elif size < 4 or at + size > len(data):
            raise ValueError("a line's length is wrong")
        else:
            at += size
            yield data[at - size + 4 : at], at


def _blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


# -- git http-backend -------------------------------------------------------------------------------------
async def _backend(
    body: bytes,
    variables: Mapping[str, str],
    config: Mapping[str, str] | None = None,
    *,
    whole: bool = False,
) -> Response:
    """What `git http-backend` answers, as it comes, or `whole` once it has ended."""
    settings = {**CONFIG, **(config or {})}
    env = environment(variables) | {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=env,
    )
    if whole:
        out, _ = await process.communicate(body)
        head, _, content = out.partition(b"\r\n\r\n")
        status, headers = _cgi_head(head)
        return Response(content, status, headers)
    feeding = asyncio.create_task(_feed(process, body))
    assert process.stdout is not None
    try:
        head = await process.stdout.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        await _end(process, feeding)
        return _text(500, "git http-backend gave no answer")
    status, headers = _cgi_head(head)
    return StreamingResponse(_stream(process, feeding), status, headers)


async def _feed(process: asyncio.subprocess.Process, body: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(body)
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # it has answered without reading to the end


async def _stream(process: asyncio.subprocess.Process, feeding: asyncio.Task[None]) -> AsyncIterator[bytes]:
    assert process.stdout is not None
    try:
        while chunk := await process.stdout.read(CHUNK):
            yield chunk
    finally:
        await _end(process, feeding)


async def _end(process: asyncio.subprocess.Process, feeding: asyncio.Task[None]) -> None:
    """Leave no child behind, also when the client has gone away."""
    feeding.cancel()
    if process.returncode is None and process.stdout is not None and not process.stdout.at_eof():
        process.kill()
    await process.wait()


def _cgi_head(head: bytes) -> tuple[int, dict[str, str]]:
    status, headers = 200, {}
    for line in head.decode("latin-1").strip().split("\r\n"):
        key, _, value = line.partition(":")
        if key.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[key] = value.strip()
    return status, headers


def _text(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(f"{message}\n", status, dict(headers or {}), media_type="text/plain")
