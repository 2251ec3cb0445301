"""Publishes a review: the verdict into the claim first, then one review for people, then its threads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.beads.report import Finding, ReviewerAnswer
from bot.coordinator.job_port import BeadPull, LineComment, ThreadReply
from bot.jobs.git import Git
from bot.jobs.publish import Publishing

HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
BODY_LIMIT = 60_000  # characters; GitHub takes 65,536
SETTLED = frozenset({"corrected", "answered", "wont-fix", "duplicate", "other-bead"})
WORDS = {"approve": "nothing has to be corrected", "correct": "corrections are needed"}


def publish_review(run: Publishing) -> str:
    """Write what a reviewer found; gives a sentence about it. Raises JobFault."""
    facts = run.github.facts(run.inputs.bead)
    run = run.under(facts)
    claim = run.claim(facts)
    report = run.artifact.report
    answer = report.reviewer
    if answer is None or report.failure is not None or report.head is None:
        if not run.settled_before(claim):
            run.advance(facts, outcome="failed", head=None, moves={})
        return f"attempt {claim.attempt} ended as failed: {report.failure or 'no verdict'}"
    if not run.settled_before(claim):
        facts = run.advance(facts, outcome=answer.verdict, head=report.head, moves={})
    if facts.pull is None:
        return f"the verdict on {report.head} is recorded; there is no open pull request to tell it in"
    pull = facts.pull
    if not any(run.marker in review.body for review in pull.reviews):
        _post(run, pull, report.base, report.head, answer)
    run.github.answer_threads(_replies(run, pull, answer))
    return f"{report.head}: {WORDS[answer.verdict]}"


def _post(run: Publishing, pull: BeadPull, base: str, head: str, answer: ReviewerAnswer) -> None:
    lines: Mapping[str, set[int]] = {}
    if answer.findings:
        run.clone.fetch((base, head))
        lines = commentable(run.clone.git, base, head)
    inside = [found for found in answer.findings if found.line in lines.get(found.path, ())]
    outside = [found for found in answer.findings if found not in inside]
    comments = [
        LineComment(found.path, found.line, f"{run.safe(found.body)}\n\n{run.marker}") for found in inside
    ]
    run.github.review(pull.number, head=head, body=_body(run, head, answer, outside), comments=comments)


def commentable(git: Git, base: str, head: str) -> dict[str, set[int]]:
    """By path, the lines of the new side that GitHub shows in the diff, three lines of context included."""
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--unified=3")
    listed = git.output("diff", "--name-only", "--no-renames", "--diff-filter=d", "-z", f"{base}...{head}")
    found: dict[str, set[int]] = {}
    for raw in filter(None, listed.split(b"\0")):
        path = raw.decode("utf-8", errors="surrogateescape")
        patch = git.output("diff", *options, f"{base}...{head}", "--", f":(literal){path}")
        lines = found.setdefault(path, set())
        for line in patch.splitlines():
            match = HUNK.match(line)
            if match:
                start, count = int(match[1]), int(match[2] or b"1")
                lines |= set(range(start, start + count))
    return found


def _body(run: Publishing, head: str, answer: ReviewerAnswer, outside: list[Finding]) -> str:
    parts = [
        f"Review of `{head}` for bead #{run.inputs.bead} ([run]({run.inputs.page})): {WORDS[answer.verdict]}."
    ]
    if answer.summary:
        parts.append(run.safe(answer.summary))
    parts += [f"- `{run.safe(found.path)}` line {found.line}: {run.safe(found.body)}" for found in outside]
    return "\n\n".join(parts)[:BODY_LIMIT] + f"\n\n{run.marker}"


def _replies(run: Publishing, pull: BeadPull, answer: ReviewerAnswer) -> list[ThreadReply]:
    """Replies in threads that are open, and which of them are settled by that."""
    open_threads = {thread.id: thread for thread in pull.heard}
    replies: list[ThreadReply] = []
    for said in answer.threads:
        thread = open_threads.get(said.thread)
        if thread is None:
            continue
        repeated = any(run.marker in remark.body for remark in thread.remarks)
        body = None if repeated else f"{run.safe(said.body)}\n\n{run.marker}"
        replies.append(ThreadReply(said.thread, body, resolve=said.kind in SETTLED))
    return replies
