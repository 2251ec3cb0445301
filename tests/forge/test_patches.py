"""Which heads a verdict is carried over to: our own updates with an identical patch, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from bot.github.client import App
from bot.github.installation import Installation
from bot.github.patches import MAX_FILES, Patches, patch_id
from tests.forge.branches import REPO, advance, branch, commit, ok, pull, tip
from tests.forge.conftest import World

FILE = "bead-1.txt"
GITHUB = {"name": "GitHub", "email": "noreply@github.com"}
LINES = "".join(f"line {number}\n" for number in range(40))


def same(forge: World, reviewed: str, head: str) -> bool:
    """What a coordinator finds that has just started."""

    async def look() -> bool:
        app = App(forge.app.id, forge.app_key, forge.api_url, transport=httpx.AsyncHTTPTransport())
        base = ok(forge.person("octo").get(f"{REPO}/commits", params={"sha": "main", "per_page": 100}))

        async def on_base(oid: str) -> bool:
            return any(one["sha"] == oid for one in base)

        try:
            installation = Installation(app, forge.installation.id)
            return await Patches(installation, "octo/sample").same(reviewed, head, on_base)
        finally:
            await app.close()

    return asyncio.run(look())


def update(number: int, by: httpx.Client) -> str:
    """Bring a pull request up to date; gives its new head."""
    ok(by.put(f"{REPO}/pulls/{number}/update-branch", json={}))
    return str(ok(by.get(f"{REPO}/pulls/{number}"))["head"]["sha"])


def bot_of(forge: World) -> dict[str, str]:
    """Our bot, as GitHub writes it into commits; anybody who can push can write that too."""
    query = {"query": "{ viewer { login databaseId } }"}
    who = ok(forge.installed().post(f"{forge.base_url}/api/graphql", json=query))["data"]["viewer"]
    email = f"{who['databaseId']}+{who['login']}@users.noreply.github.com"
    return {"name": who["login"], "email": email}


def forged(forge: World, parents: list[str], files: dict[str, str | None], **changes: Any) -> str:
    """A merge that bears the names of an update of ours, with these files changed against its base."""
    octo = forge.person("octo")
    tree = ok(octo.get(f"{REPO}/git/commits/{commit(forge, parents[::-1], files)}"))["tree"]["sha"]
    names = {"author": bot_of(forge), "committer": GITHUB} | changes
    wanted = {"message": "Merge branch 'main'", "tree": tree, "parents": parents, **names}
    return str(ok(octo.post(f"{REPO}/git/commits", json=wanted))["sha"])


def test_our_update_keeps_the_patch_and_so_does_the_next_one(forge: World) -> None:
    made = pull(forge)
    first = str(made["head"]["sha"])
    advance(forge, "main", {"other.txt": "1\n"})
    second = update(made["number"], forge.installed())
    advance(forge, "main", {"other.txt": "2\n", "README.md": "# more\n"})
    third = update(made["number"], forge.installed())
    assert same(forge, first, second)
    assert same(forge, second, third)
    assert not same(forge, first, third)  # one step at a time: each is looked at


def test_lines_of_the_base_above_the_change_only_move_it(forge: World) -> None:
    advance(forge, "main", {"long.txt": LINES})
    branch(forge, "bead/1", {"long.txt": LINES + "the end\n"})
    made = ok(
        forge.person("will").post(f"{REPO}/pulls", json={"title": "x", "head": "bead/1", "base": "main"})
    )
    advance(forge, "main", {"long.txt": "a beginning\n" + LINES})
    assert same(forge, made["head"]["sha"], update(made["number"], forge.installed()))


def test_an_update_by_a_person_is_a_persons_push(forge: World) -> None:
    made = pull(forge)
    advance(forge, "main", {"other.txt": "1\n"})
    assert not same(forge, made["head"]["sha"], update(made["number"], forge.person("will")))


WORK: dict[str, str | None] = {FILE: "one\ntwo\nthree\n"}
WILL = {"name": "will", "email": "will@example.com"}
EVIL: dict[str, tuple[str, dict[str, str | None], dict[str, Any]]] = {
    "more content": ("head base", {FILE: "one\ntwo\nthree\nfour\n"}, {}),
    "another indentation": ("head base", {FILE: "one\n    two\nthree\n"}, {}),
    "one file more": ("head base", {**WORK, "added.txt": "x\n"}, {}),
    "a file of the base undone": ("head base", {**WORK, "other.txt": None}, {}),
    "the work undone": ("head base", {}, {}),
    "parents the other way round": ("base head", WORK, {}),
    "a third parent": ("head base base", WORK, {}),
    "no merge": ("head", WORK, {}),
    "a rebase": ("base", WORK, {}),
    "amended by a person": ("head base", WORK, {"committer": WILL}),
    "written by a person": ("head base", WORK, {"author": WILL}),
}


@pytest.mark.parametrize("evil", EVIL)
def test_what_is_not_that_update_is_not_taken_for_it(forge: World, evil: str) -> None:
    head = str(pull(forge)["head"]["sha"])
    base = advance(forge, "main", {"other.txt": "1\n"})
    order, files, names = EVIL[evil]
    parents = [{"head": head, "base": base}[name] for name in order.split()]
    assert not same(forge, head, forged(forge, parents, files, **names))


def test_a_forged_update_with_the_very_patch_changes_nothing_that_was_reviewed(forge: World) -> None:
    head = str(pull(forge)["head"]["sha"])
    base = advance(forge, "main", {"other.txt": "1\n"})
    assert same(forge, head, forged(forge, [head, base], WORK))


def test_a_merge_of_another_branch_than_the_base_is_not_taken_for_it(forge: World) -> None:
    head = str(pull(forge)["head"]["sha"])
    aside = branch(forge, "aside", {"aside.txt": "1\n"})
    assert not same(forge, head, forged(forge, [head, aside], WORK))


def test_what_a_diff_does_not_show_whole_is_reviewed_again(forge: World) -> None:
    many: dict[str, str | None] = {f"many/{number}.txt": "x\n" for number in range(MAX_FILES)}
    picture: dict[str, str | None] = {"picture.bin": "\0\1\2"}
    branch(forge, "bead/1", many)
    branch(forge, "bead/2", picture)
    for name in ("bead/1", "bead/2"):
        wanted = {"title": name, "head": name, "base": "main"}
        made = ok(forge.person("will").post(f"{REPO}/pulls", json=wanted))
        advance(forge, "main", {f"beside-{made['number']}.txt": "1\n"})
        assert not same(forge, made["head"]["sha"], update(made["number"], forge.installed()))


def test_an_update_by_an_app_bears_its_bots_name_and_githubs(forge: World) -> None:
    made = pull(forge)
    base = advance(forge, "main", {"other.txt": "1\n"})
    head = update(made["number"], forge.installed())
    found = ok(forge.person("octo").get(f"{REPO}/git/commits/{head}"))
    assert [one["sha"] for one in found["parents"]] == [made["head"]["sha"], base]
    assert {key: found["author"][key] for key in ("name", "email")} == bot_of(forge)
    assert found["committer"]["email"] == GITHUB["email"]
    assert tip(forge, "bead/1") == head


def test_two_patches_in_one_text_and_none_have_no_id() -> None:
    diff = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    commits = b"".join(b"From " + digit * 40 + b" Mon\n\n" + diff for digit in (b"1", b"2"))
    assert asyncio.run(patch_id(diff)) is not None
    assert asyncio.run(patch_id(commits)) is None
    assert asyncio.run(patch_id(b"")) is None
