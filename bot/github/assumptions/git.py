"""git over HTTP, as publish and the runner use it."""

from __future__ import annotations

from bot.github.assumptions.refs import child, update
from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Scratch

AUTHENTICATE = (
    "apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation"
)
CLONE = ("jobs.clone", "jobs.git")


@assume(source=AUTHENTICATE, by=CLONE, otherwise="publish and the runner cannot fetch private repositories")
def git_takes_a_token_in_a_header(world: Scratch) -> None:
    """git is let in by Basic `x-access-token:TOKEN` in an extra header."""
    with world.clone() as git:
        listed = git("ls-remote", "origin", f"refs/heads/{world.default_branch}")
    expect(listed.returncode == 0 and world.root in listed.stdout, listed.stderr)


@assume(
    source="https://git-scm.com/docs/git-config#Documentation/git-config.txt-uploadpackallowAnySHA1InWant",
    by=CLONE,
    otherwise="publish must fetch whole branches, and cannot see commits that left them",
)
def git_fetches_a_commit_by_its_id(world: Scratch) -> None:
    """A commit that is no ref's tip can be fetched by its id."""
    branch = world.branch("long", files={"one.txt": "1\n"})
    inner = branch.sha
    world.push(branch, {"two.txt": "2\n"})
    with world.clone() as git:
        got = git("fetch", "--quiet", "--no-tags", "origin", f"{inner}:refs/known/{inner}")
    expect(got.returncode == 0, got.stderr)


@assume(
    source="https://git-scm.com/docs/git-push#Documentation/git-push.txt---no-atomic",
    by=CLONE,
    otherwise="objects have to be pushed to a branch, where they start workflows",
)
def git_pushes_to_refs_outside_heads(world: Scratch) -> None:
    """git pushes to refs outside heads and tags, several at once with `--atomic`."""
    names = [world.ref(word) for word in ("one", "two")]
    with world.clone() as git:
        git("commit", "--quiet", "--allow-empty", "-m", "staged")
        pushed = git("push", "--quiet", "--atomic", "origin", *(f"+HEAD:{name}" for name in names))
        sha = git("rev-parse", "HEAD").stdout.strip()
    expect(pushed.returncode == 0 and [world.at(name) for name in names] == [sha, sha], pushed.stderr)


@assume(
    source="graphql/reference/git",
    by=(*CLONE, "jobs.publish"),
    otherwise="publish cannot stage its objects first",
)
def staged_objects_can_be_moved_to_a_branch(world: Scratch) -> None:
    """A commit that git pushed to a staging ref can at once be moved to a branch by `updateRefs`."""
    staging, branch = world.ref("staging"), world.branch("bead")
    with world.clone() as git:
        git("fetch", "--quiet", "origin", branch.ref)
        git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        git("commit", "--quiet", "--allow-empty", "-m", "work")
        git("push", "--quiet", "origin", f"+HEAD:{staging}")
        sha = git("rev-parse", "HEAD").stdout.strip()
    said = update(world, (branch.ref, branch.sha, sha))
    expect(not said.errors and world.at(branch.ref) == sha, f"answered {said}")


@assume(
    source="https://git-scm.com/docs/git-push",
    by=("coordinator.claims",),
    otherwise="a push could undo a claim",
)
def git_push_without_force_only_moves_forward(world: Scratch) -> None:
    """A push without force that is no fast-forward is refused, also outside heads and tags."""
    first = child(world, None, "first")
    name = world.ref("claims", first)
    with world.clone() as git:
        git("commit", "--quiet", "--allow-empty", "-m", "unrelated")
        refused = git("push", "origin", f"HEAD:{name}")
    expect(refused.returncode != 0 and world.at(name) == first, "it was accepted")


@assume(
    source="rest/authentication/permissions-required-for-github-apps#repository-permissions-for-workflows",
    by=("jobs.tree_checks", "github.broker"),
    otherwise="a narrowed token could change workflows",
    needs=(Need.APP,),
)
def workflow_files_need_their_own_permission(world: Scratch) -> None:
    """A token without `workflows: write` cannot push a change to `.github/workflows`."""
    narrow = world.grant(permissions={"contents": "write"})
    ref = f"refs/heads/{world.name('workflow')}"
    world.later(lambda: world.me.delete(f"git/{ref}"))
    with world.clone() as git:
        git("fetch", "--quiet", "origin", f"refs/heads/{world.default_branch}")
        git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        empty = git("hash-object", "-w", "--stdin").stdout.strip()
        git("update-index", "--add", "--cacheinfo", f"100644,{empty},.github/workflows/{world.name('w')}.yml")
        git("commit", "--quiet", "-m", "a workflow")
        refused = git("push", "origin", f"HEAD:{ref}", token=narrow.token)
    expect(refused.returncode != 0 and world.at(ref) is None, "it was accepted")


@assume(
    source="rest/authentication/permissions-required-for-github-apps",
    by=("github.broker", "jobs.bootstrap"),
    otherwise="the agent's token could push",
    needs=(Need.APP,),
)
def read_token_cannot_push(world: Scratch) -> None:
    """A token with `contents: read` fetches, and is refused a push."""
    narrow = world.grant(permissions={"contents": "read"})
    ref = f"refs/heads/{world.name('pushed')}"
    world.later(lambda: world.me.delete(f"git/{ref}"))
    with world.clone() as git:
        got = git("fetch", "--quiet", "origin", f"refs/heads/{world.default_branch}", token=narrow.token)
        refused = git("push", "origin", f"FETCH_HEAD:{ref}", token=narrow.token)
    expect(got.returncode == 0, f"it cannot even fetch: {got.stderr}")
    expect(refused.returncode != 0 and world.at(ref) is None, "it was accepted")
