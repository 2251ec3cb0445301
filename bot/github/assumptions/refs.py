"""Refs: the claims ref is a compare-and-swap, `updateRefs` a transaction."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor

from bot.github.assumptions.caller import Caller, Json, Said
from bot.github.assumptions.registry import assume, expect
from bot.github.assumptions.scratch import EMPTY_TREE, ZERO, Scratch

REST = "rest/git/refs"
UPDATE_REFS = "graphql/reference/git"
CLAIMS = ("github.claims_ref", "coordinator.claims")
MOVES = ("github.runner_api", "jobs.publish", "coordinator.claims")
FALLS_BACK = "claims have to live at refs/heads/beadwright/claims, among the branches"
NO_LOCK = "claims are no lock: two coordinators could both believe that they hold a bead"
NO_FENCE = "publishing is no transaction: a late worker could move a branch without its claim"
OTHER_NAMESPACES = " (that refs outside heads and tags work is reported by others, not documented)"


def child(world: Scratch, parent: str | None, word: str) -> str:
    """A commit on the empty tree with a message that makes it new, as the claims are."""
    parents = [parent] if parent else []
    return world.commit(
        parents, None if not parents else {}, json.dumps({"word": word, "nonce": secrets.token_hex(8)})
    )


def update(
    world: Scratch, *moves: tuple[str, str, str], force: bool = False, by: Caller | None = None
) -> Said:
    """`updateRefs` with (name, before, after)."""
    document = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
    updates: list[Json] = [
        {"name": name, "beforeOid": before, "afterOid": after, "force": force}
        for name, before, after in moves
    ]
    return (by or world.me).ask(document, input={"repositoryId": world.node, "refUpdates": updates})


@assume(source=REST + "#create-a-reference" + OTHER_NAMESPACES, by=CLAIMS, otherwise=FALLS_BACK)
def claims_ref_is_made_by_rest(world: Scratch) -> None:
    """A ref outside heads and tags can be made by `POST git/refs`."""
    made = world.me.post("git/refs", {"ref": world.ref("claims"), "sha": child(world, None, "first")})
    expect(made.status == 201, f"answered {made}")


@assume(source=REST + "#get-a-reference" + OTHER_NAMESPACES, by=CLAIMS, otherwise=FALLS_BACK)
def claims_ref_is_read_by_rest(world: Scratch) -> None:
    """A ref outside heads and tags is read by `GET git/ref/…`."""
    first = child(world, None, "first")
    found = world.at(world.ref("claims", first))
    expect(found == first, f"it is at {found}, not at {first}")


@assume(
    source=REST + "#get-a-reference",
    by=CLAIMS,
    otherwise="the first claim of a repository cannot be told from a lost one",
)
def missing_ref_is_404(world: Scratch) -> None:
    """A ref that is not there answers 404."""
    found = world.me.get(f"git/{world.ref('none').replace('refs/', 'ref/', 1)}")
    expect(found.status == 404, f"answered {found}")


@assume(
    source="graphql/reference/repos" + OTHER_NAMESPACES,
    by=("github.documents", "github.runner_api"),
    otherwise=FALLS_BACK,
)
def claims_ref_is_read_by_graphql(world: Scratch) -> None:
    """A ref outside heads and tags is read by `ref(qualifiedName:)`, with its commit's message."""
    first = child(world, None, "first")
    name = world.ref("claims", first)
    fields = "ref(qualifiedName: $name) { target { oid ... on Commit { message } } }"
    found = world.ask(fields, name=name)["ref"]
    expect(found is not None, "GraphQL does not see it")
    expect(
        found["target"]["oid"] == first and '"word"' in found["target"]["message"], f"GraphQL sees {found}"
    )


@assume(
    source="rest/git/commits#create-a-commit",
    by=CLAIMS,
    otherwise="claims lie on a tree with a README, one more write once",
)
def empty_tree_can_be_committed(world: Scratch) -> None:
    """A commit without parents on the empty tree, which nobody has stored, is accepted."""
    made = world.me.post("git/commits", {"message": "empty", "tree": EMPTY_TREE, "parents": []})
    expect(made.status == 201, f"answered {made}")


@assume(
    source="rest/git/commits#create-a-commit",
    by=CLAIMS,
    otherwise="the claims document cannot be a commit's message",
)
def commit_message_is_kept(world: Scratch) -> None:
    """A commit's message of 60,000 characters with every kind of character comes back as it was written."""
    message = json.dumps({"text": "é\u2028\"\\ #@'`<!-- -->", "long": "x" * 60_000}, ensure_ascii=False)
    made = world.me.post("git/commits", {"message": message, "tree": EMPTY_TREE, "parents": []}).must(201)
    name = world.ref("message", made["sha"])
    found = world.ask("ref(qualifiedName: $name) { target { ... on Commit { message } } }", name=name)
    kept = found["ref"]["target"]["message"]
    expect(kept == message, f"{len(message)} characters became {len(kept)}")


@assume(source=REST + "#update-a-reference", by=CLAIMS, otherwise=NO_LOCK)
def fast_forward_moves_the_claims_ref(world: Scratch) -> None:
    """Without force a ref moves to a child of where it is."""
    first = child(world, None, "first")
    name, second = world.ref("claims", first), child(world, first, "second")
    moved = world.me.patch(f"git/{name}", {"sha": second, "force": False})
    expect(moved.status == 200 and world.at(name) == second, f"answered {moved}")


@assume(source=REST + "#update-a-reference", by=CLAIMS, otherwise=NO_LOCK)
def move_that_is_no_fast_forward_is_refused(world: Scratch) -> None:
    """Without force a ref does not move to a sibling: 422, and it stays where it was."""
    first = child(world, None, "first")
    name = world.ref("claims", first)
    winner, loser = child(world, first, "winner"), child(world, first, "loser")
    world.me.patch(f"git/{name}", {"sha": winner, "force": False}).must(200)
    refused = world.me.patch(f"git/{name}", {"sha": loser, "force": False})
    expect(world.at(name) == winner, "the ref moved to the loser")
    expect(refused.status == 422, f"answered {refused}")


@assume(source=REST + "#update-a-reference", by=CLAIMS, otherwise=NO_LOCK)
def of_two_at_once_one_moves_the_ref(world: Scratch) -> None:
    """Of two children of one commit that are put there at the same time, one wins and the other is
    refused."""
    first = child(world, None, "first")
    name = world.ref("claims", first)
    rivals = [child(world, first, word) for word in ("one", "other")]
    with ThreadPoolExecutor(2) as both:
        answers = list(
            both.map(lambda sha: world.me.patch(f"git/{name}", {"sha": sha, "force": False}), rivals)
        )
    won = [sha for sha, answer in zip(rivals, answers, strict=True) if answer.status == 200]
    expect(len(won) == 1, f"{len(won)} of 2 won: {', '.join(map(str, answers))}")
    expect(world.at(name) == won[0], "the ref is not at the winner's commit")


@assume(
    source="https://git-scm.com/book/en/v2/Git-Internals-Git-Objects",
    by=CLAIMS,
    otherwise="the nonce in the claims document is not needed",
)
def identical_children_are_one_commit(world: Scratch) -> None:
    """Two identical commits have one SHA, and moving a ref to where it is succeeds: without a nonce both
    win."""
    first = child(world, None, "first")
    name, at = world.ref("claims", first), "2026-01-01T00:00:00Z"
    who = {"name": "probe", "email": "probe@localhost", "date": at}
    body = {"message": "same", "tree": EMPTY_TREE, "parents": [first], "author": who, "committer": who}
    shas = [world.me.post("git/commits", body).must(201)["sha"] for _ in range(2)]
    expect(shas[0] == shas[1], f"two SHAs: {shas}")
    answers = [world.me.patch(f"git/{name}", {"sha": sha, "force": False}) for sha in shas]
    expect([one.status for one in answers] == [200, 200], f"answered {answers[1]}")


@assume(
    source=REST + "#create-a-reference",
    by=CLAIMS,
    otherwise="two coordinators could both make the first claim",
)
def making_a_ref_that_exists_is_422(world: Scratch) -> None:
    """`POST git/refs` of a ref that exists answers 422 and leaves it where it is."""
    first = child(world, None, "first")
    name = world.ref("claims", first)
    again = world.me.post("git/refs", {"ref": name, "sha": child(world, None, "second")})
    expect(again.status == 422 and world.at(name) == first, f"answered {again}")


@assume(
    source=REST + "#update-a-reference", by=CLAIMS, otherwise="a deleted claims ref looks like another error"
)
def moving_a_ref_that_is_not_there_is_refused(world: Scratch) -> None:
    """`PATCH` of a ref that is not there answers 404, 409 or 422 and makes nothing."""
    name = world.ref("none")
    refused = world.me.patch(f"git/{name}", {"sha": world.root, "force": False})
    expect(refused.status in (404, 409, 422) and world.at(name) is None, f"answered {refused}")


@assume(
    source=REST + "#create-a-reference",
    by=("coordinator.claims",),
    otherwise="none; every name of ours has two slashes",
)
def ref_name_needs_two_slashes(world: Scratch) -> None:
    """A ref must begin with `refs/` and hold two slashes: anything else answers 422."""
    for name in (f"refs/{world.name('flat')}", f"{world.name('no')}/refs/heads"):
        refused = world.me.post("git/refs", {"ref": name, "sha": world.root})
        expect(refused.status == 422, f"{name} answered {refused}")


@assume(
    source=UPDATE_REFS + OTHER_NAMESPACES, by=MOVES, otherwise="publishing falls back to check, then push"
)
def update_refs_moves_refs_outside_heads(world: Scratch) -> None:
    """`updateRefs` moves a ref outside heads and tags."""
    first = child(world, None, "first")
    name, second = world.ref("claims", first), child(world, first, "second")
    said = update(world, (name, first, second))
    expect(not said.errors and world.at(name) == second, f"answered {said}")


@assume(source=UPDATE_REFS, by=MOVES, otherwise=NO_FENCE)
def update_refs_is_all_or_nothing(world: Scratch) -> None:
    """`updateRefs` moves a branch and the claims ref together."""
    branch, first = world.branch("bead"), child(world, None, "first")
    claims, second = world.ref("claims", first), child(world, first, "second")
    work = world.commit([branch.sha], {"work.txt": "done\n"})
    said = update(world, (branch.ref, branch.sha, work), (claims, first, second))
    found = (world.at(branch.ref), world.at(claims))
    expect(not said.errors and found == (work, second), f"answered {said}")


@assume(source=UPDATE_REFS, by=MOVES, otherwise=NO_FENCE)
def wrong_before_oid_refuses_all(world: Scratch) -> None:
    """`updateRefs` with one `beforeOid` that is wrong moves none of its refs, whichever stands first."""
    branch, first = world.branch("bead"), child(world, None, "first")
    claims, second = world.ref("claims", first), child(world, first, "second")
    stale, work = child(world, first, "stale"), world.commit([branch.sha], {"work.txt": "done\n"})
    moves = [(branch.ref, branch.sha, work), (claims, stale, second)]
    for order in (moves, moves[::-1]):
        said = update(world, *order)
        expect(bool(said.errors), "it was accepted")
        expect((world.at(branch.ref), world.at(claims)) == (branch.sha, first), "one of the refs moved")


@assume(
    source=UPDATE_REFS, by=MOVES, otherwise="a bead's branch cannot be made together with its claim's step"
)
def zero_before_oid_makes_a_ref(world: Scratch) -> None:
    """`updateRefs` with a `beforeOid` of zeros makes a ref, and is refused when it exists."""
    name, other = world.ref("made"), child(world, None, "other")
    first = child(world, None, "first")
    said = update(world, (name, ZERO, first))
    expect(not said.errors and world.at(name) == first, f"answered {said}")
    again = update(world, (name, ZERO, other), force=True)
    expect(bool(again.errors) and world.at(name) == first, "a ref that existed was made again")


@assume(
    source=UPDATE_REFS,
    by=("github.batch", *MOVES),
    otherwise="merged branches are deleted without looking at their head",
)
def zero_after_oid_deletes_a_ref(world: Scratch) -> None:
    """`updateRefs` with an `afterOid` of zeros deletes a ref that is where it is said to be, and no other."""
    first = child(world, None, "first")
    name, other = world.ref("gone", first), child(world, first, "other")
    stale = update(world, (name, other, ZERO), force=True)
    expect(bool(stale.errors) and world.at(name) == first, "it was deleted although it was elsewhere")
    said = update(world, (name, first, ZERO))
    expect(not said.errors and world.at(name) is None, f"answered {said}")


@assume(source=UPDATE_REFS, by=MOVES, otherwise="publishing could throw commits away")
def update_refs_without_force_only_moves_forward(world: Scratch) -> None:
    """`updateRefs` without `force` refuses what is no fast-forward, even from the right `beforeOid`."""
    first = child(world, None, "first")
    name, sideways = world.ref("claims", first), child(world, None, "sideways")
    said = update(world, (name, first, sideways))
    expect(bool(said.errors) and world.at(name) == first, "it moved sideways")


@assume(source=UPDATE_REFS, by=MOVES, otherwise="a branch could point at nothing")
def update_refs_needs_its_objects(world: Scratch) -> None:
    """`updateRefs` to a commit that the repository lacks is refused, and moves nothing."""
    name, first = world.ref("claims"), child(world, None, "first")
    world.me.post("git/refs", {"ref": name, "sha": first}).must(201)
    said = update(world, (name, first, secrets.token_hex(20)))
    expect(bool(said.errors) and world.at(name) == first, "it was accepted")


@assume(
    source="graphql/reference/repos",
    by=("github.documents", "github.snapshot_of"),
    otherwise="beads' branches cannot be listed in one request",
)
def refs_are_listed_below_a_prefix(world: Scratch) -> None:
    """`refs(refPrefix:)` lists the branches below a folder; prefix and name together are the whole name."""
    folder = world.name("folder")
    ref = f"refs/heads/{folder}/7"
    world.later(lambda: world.me.delete(f"git/{ref}"))
    world.me.post("git/refs", {"ref": ref, "sha": world.root}).must(201)
    fields = "refs(refPrefix: $prefix, first: 50) { nodes { prefix name target { oid } } }"
    found = world.ask(fields, prefix=f"refs/heads/{folder}/")["refs"]["nodes"]
    expect([one["prefix"] + one["name"] for one in found] == [ref], f"it lists {found}")


@assume(
    source="graphql/reference/repos" + OTHER_NAMESPACES,
    by=("github.documents", "github.snapshot_of", "coordinator.cleanup"),
    otherwise="what dead runs staged is not seen, and stays",
)
def refs_outside_heads_are_listed_below_a_prefix(world: Scratch) -> None:
    """`refs(refPrefix:)` lists refs outside heads and tags too, those in folders below it as well."""
    name = world.ref("staging/0", child(world, None, "staged"))
    prefix = "/".join(name.split("/")[:2]) + "/"
    fields = "refs(refPrefix: $prefix, first: 100) { nodes { prefix name target { oid } } }"
    found = world.ask(fields, prefix=prefix)["refs"]["nodes"]
    expect(name in [one["prefix"] + one["name"] for one in found], f"it lists {found}")


@assume(
    source=REST,
    by=("coordinator.claims", "coordinator.job_port"),
    otherwise="claims would show up among people's branches",
)
def refs_outside_heads_are_no_branches(world: Scratch) -> None:
    """A ref outside heads and tags is neither a branch nor a tag."""
    name = world.ref("hidden", world.root)
    short = name.rpartition("/")[2]
    for path in (f"branches/{short}", f"git/ref/heads/{short}", f"git/ref/tags/{short}"):
        found = world.me.get(path)
        expect(found.status == 404, f"{path} answered {found}")


@assume(
    source="rest/commits/commits#compare-two-commits",
    by=("github.observe",),
    otherwise="whether a merge commit is on the base branch cannot be proved",
)
def compare_says_how_commits_lie(world: Scratch) -> None:
    """`compare/{base}...{commit}`: ahead, behind, identical, diverged; 404 for a commit that is not there."""
    branch = world.branch("one", files={"one.txt": "1\n"})
    other = world.commit([world.root], {"two.txt": "2\n"})
    cases = {
        f"{world.root}...{branch.sha}": "ahead",
        f"{branch.name}...{world.root}": "behind",
        f"{branch.name}...{branch.sha}": "identical",
        f"{branch.name}...{other}": "diverged",
    }
    for pair, wanted in cases.items():
        found = world.me.get(f"compare/{pair}").must(200)["status"]
        expect(found == wanted, f"{pair} is {found}, not {wanted}")
    gone = world.me.get(f"compare/{branch.name}...{secrets.token_hex(20)}")
    expect(gone.status == 404, f"a commit that is not there answered {gone}")


@assume(
    source="graphql/reference/repos",
    by=("github.pulls", "github.documents"),
    otherwise="whether a branch is behind costs a request each",
)
def ref_compare_tells_what_is_missing(world: Scratch) -> None:
    """`Ref.compare(headRef:)` of a branch with its base: `aheadBy` counts what the branch lacks."""
    base = world.branch("base")
    head = world.branch("head", start=base.sha, files={"head.txt": "1\n"})
    fields = "ref(qualifiedName: $head) { compare(headRef: $base) { aheadBy behindBy } }"
    fresh = world.ask(fields, head=head.ref, base=base.name)["ref"]["compare"]
    world.push(base)
    stale = world.ask(fields, head=head.ref, base=base.name)["ref"]["compare"]
    expect((fresh["aheadBy"], stale["aheadBy"]) == (0, 1), f"before {fresh}, after {stale}")
