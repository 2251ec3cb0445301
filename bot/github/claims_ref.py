"""Moving the claims ref: a commit whose parent is what was read, and a ref that only moves forward."""

from __future__ import annotations

import secrets

from pydantic import BaseModel

from bot.coordinator.claims import CLAIMS_REF, Claims, write_claims
from bot.coordinator.ports import ClaimsMoved
from bot.github.errors import GitHubError
from bot.github.installation import Installation

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""Git knows this object in every repository, stored or not."""


class _Commit(BaseModel):
    sha: str


class _Ref(BaseModel):
    object: _Commit


class ClaimsRef:
    """The claims ref of one repository."""

    def __init__(self, installation: Installation, repository: str) -> None:
        self._github = installation
        self._git = f"/repos/{repository}/git"
        self._tree = EMPTY_TREE

    async def move(self, before: str | None, claims: Claims) -> str:
        """Write the document as a child of `before` and move the ref there; gives the new commit.

        Raises ClaimsMoved when the ref is not at `before` any more, GitHubError when it could not be moved
        for another reason.
        """
        commit = await self._commit(before, write_claims(claims, secrets.token_hex(8)))
        try:
            if before is None:
                answer = await self._github.write(
                    "POST", f"{self._git}/refs", {"ref": CLAIMS_REF, "sha": commit}
                )
            else:
                path = f"{self._git}/{CLAIMS_REF}"
                answer = await self._github.write("PATCH", path, {"sha": commit, "force": False})
        except GitHubError as error:
            # The answer is lost, the move perhaps not: the nonce makes our commit tell.
            if not error.unsure:
                raise
            if await self._at() == commit:
                return commit
            raise ClaimsMoved("it is not known whether the claims ref moved") from error
        if answer.ok:
            return commit
        if answer.status not in (404, 409, 422) or await self._at() == before:
            raise GitHubError(answer.status, f"the claims ref cannot be moved: {answer.message}")
        raise ClaimsMoved(answer.message)

    async def _commit(self, before: str | None, message: str) -> str:
        parents = [before] if before is not None else []
        body = {"message": message, "tree": self._tree, "parents": parents}
        answer = await self._github.write("POST", f"{self._git}/commits", body)
        if answer.status in (404, 422) and self._tree == EMPTY_TREE:
            self._tree = await self._other_tree()
            answer = await self._github.write("POST", f"{self._git}/commits", {**body, "tree": self._tree})
        return answer.read(_Commit).sha

    async def _other_tree(self) -> str:
        """Where the empty tree is refused: one with a file that says what the ref is."""
        text = "Beadwright's claims are the message of this commit.\n"
        file = {"path": "README", "mode": "100644", "type": "blob", "content": text}
        answer = await self._github.write("POST", f"{self._git}/trees", {"tree": [file]})
        return answer.read(_Commit).sha

    async def _at(self) -> str | None:
        answer = await self._github.get(f"{self._git}/{CLAIMS_REF.replace('refs/', 'ref/', 1)}")
        return None if answer.status == 404 else answer.read(_Ref).object.sha
