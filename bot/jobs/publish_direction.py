"""Publishes what a run on direction came to: its one change of the specs as a commit and a pull request.

The report itself is the coordinator's to show. Everything that code can tell of the change is checked again
here, upon the base as git has it; the CLI's word was had in the agent job, behind the wall. The tree is held
against the base's like any work's, with the policy's protected paths.
"""

from __future__ import annotations

from bot.beads.change_check import check_change
from bot.beads.direction import Change, Direction
from bot.beads.openspec import CHANGES
from bot.beads.visible_text import one_line
from bot.coordinator.claims import Claim
from bot.coordinator.job_port import JobFacts, RefMove
from bot.jobs.openspec_tree import openspec_tree
from bot.jobs.publish import Denied, Publishing, protected_paths, pull_labels
from bot.jobs.publish_answer import publish_answer
from bot.jobs.tree_checks import check_tree

WORK = "refs/incoming/change"


def publish_direction(run: Publishing) -> str:
    """Write what a run on direction came to; gives a sentence about it. Raises Denied, JobFault."""
    report = run.artifact.report
    direction = report.direction if report.failure is None else None
    if direction is None or direction.answer.change is None:
        return publish_answer(run)
    change = direction.answer.change
    facts = run.github.facts(run.inputs.bead)
    run = run.under(facts)
    claim = run.claim(facts)
    head = claim.head
    if not run.settled_before(claim):
        head = _checked_commit(run, facts, claim, change)
        name = f"refs/heads/{run.inputs.branch}"
        facts = run.advance(facts, outcome="proposed", head=head, moves={name: RefMove(name, None, head)})
    if facts.pull is not None:
        return f"{head} is published as pull request #{facts.pull.number}"
    number = run.github.open_pull(
        head=run.inputs.branch,
        base=facts.default_branch,
        title=one_line(run.safe(f"Propose: {change.title}"))[:250],
        body=_body(run, direction, change),
    )
    run.github.add_labels(number, pull_labels(facts)[:1])  # it is a bead's, and no review of ours is due
    return f"{head} is published as pull request #{number}"


def _checked_commit(run: Publishing, facts: JobFacts, claim: Claim, change: Change) -> str:
    """The change as one commit of ours upon the base. Raises Denied."""
    if facts.branch is not None:
        raise Denied(f"- `{run.inputs.branch}` is there already, and a proposal begins one of its own")
    run.clone.fetch([claim.base])
    git = run.clone.git
    faults = check_change(change, openspec_tree(git, claim.base))
    if faults:
        raise Denied("\n".join(f"- {fault}" for fault in faults))
    message = f"Propose {change.name} (#{run.inputs.bead})"
    git.output("fast-import", "--quiet", stdin=_stream(claim.base, change))
    work = git.text("rev-parse", "--verify", f"{WORK}^{{commit}}")
    denied = check_tree(git, claim.base, None, work, protected_paths(facts))
    if denied:
        raise Denied("\n".join(f"- {fault}" for fault in denied))
    return run.clone.commit(git.text("rev-parse", f"{work}^{{tree}}"), [claim.base], message)


def _stream(base: str, change: Change) -> bytes:
    """The change's files upon the base, as `git fast-import` reads it; the paths are plain ones by now."""
    parts = [f"commit {WORK}\ncommitter x <x> 0 +0000\ndata 0\nfrom {base}\n".encode()]
    for file in change.files:
        text = file.text.encode()
        parts.append(f"M 100644 inline {CHANGES}{change.name}/{file.path}\ndata {len(text)}\n".encode())
        parts.append(text + b"\n")
    return b"".join(parts)


def _body(run: Publishing, direction: Direction, change: Change) -> str:
    """What the pull request says about itself."""
    specs = [file.path for file in change.files if file.path.startswith("specs/")]
    listed = ", ".join(f"`{path}`" for path in sorted(specs))
    passes = f"{direction.surveys} independent surveys and {direction.reviews} independent reviews"
    return (
        f"The change `{change.name}` of the specs ({listed}), proposed for #{run.inputs.bead}"
        f" ([run]({run.inputs.page})) by {passes}.\n\n"
        "`openspec validate --strict` and a trial `openspec archive` accept it. **It is a proposal: only a"
        " person merges it.** Merged, it is what its beads are planned by; closed, it is no more.\n\n"
        f"{run.safe(direction.answer.summary)}\n\n{run.marker}"
    )
