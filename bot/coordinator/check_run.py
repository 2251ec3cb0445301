"""What our check run on the head of a bead's pull request says.

- In progress while machines are at it, or waited for: its title says for what.
- `action_required` only when a person must act. GitHub shows it red, and a required check with it blocks a
  merge as a failed one does.
- Success when every guard passes; nothing is merged before that is posted, because rules may require it.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/
collaborating-on-repositories-with-code-quality-features/about-status-checks#check-statuses-and-conclusions
"""

from __future__ import annotations

from bot.coordinator.actions import Annotation, Button, PostCheck
from bot.coordinator.comment_parts import bullets, clipped
from bot.coordinator.decision import State
from bot.coordinator.shown import check_key, shown_digest
from bot.coordinator.snapshot import Issue, PullRequest
from bot.coordinator.status import View, first_line, needs_person, next_step, now_lines
from bot.guards.result import GuardReport

AGAIN = Button("Review again", "A fresh session reviews this head.", "review")
HOLD = Button("Hold", "Nothing goes on until the hold is off.", "hold")
TITLE = 120
PASSES = "Every guard passes"


def of(view: View, issue: Issue, pull: PullRequest, report: GuardReport) -> PostCheck | None:
    """The check run of an open pull request's head; None when that shows it already."""
    conclusion = _conclusion(view, issue, pull, report)
    check = PostCheck(
        pull.number,
        pull.head,
        conclusion,
        _title(view, issue, conclusion),
        _summary(view, issue, pull, report, conclusion),
        _annotations(pull),
        (AGAIN, HOLD),
    )
    return None if view.snapshot.shown.get(check_key(pull.head)) == shown_digest(check.text) else check


def _conclusion(view: View, issue: Issue, pull: PullRequest, report: GuardReport) -> str | None:
    if report.merges and view.verdict(issue.number).state in (State.MERGING, State.NEEDS_HUMAN):
        return "success"
    return "action_required" if needs_person(view, issue, pull) else None


def _title(view: View, issue: Issue, conclusion: str | None) -> str:
    if conclusion == "success":
        return PASSES
    live = view.claims.live.get(issue.number)
    if live is not None:
        return "A fresh session reviews it" if live.role == "reviewer" else "It is being corrected"
    line = next(iter(now_lines(view, issue.number)), view.verdict(issue.number).state.value)
    if view.verdict(issue.number).state is State.NEEDS_HUMAN:
        line = f"Needs a person: {line}"
    line = line.replace("`", "")  # a title is no Markdown
    return f"{line[:1].upper()}{line[1:]}"[:TITLE]


def _summary(view: View, issue: Issue, pull: PullRequest, report: GuardReport, conclusion: str | None) -> str:
    """All of it while it is open; of a success that every guard passes is enough, and stays true."""
    if conclusion == "success":
        return report.table()
    first = first_line(view, issue, pull, about=f" · bead #{issue.number}")
    now = bullets(now_lines(view, issue.number))
    return clipped([first, now, report.table(), next_step(view, issue.number)])


def _annotations(pull: PullRequest) -> tuple[Annotation, ...]:
    """One for each unresolved thread that is at a line of this head."""
    return tuple(
        Annotation(
            thread.path, thread.line, "Unresolved thread", f"{_who(thread.login)} waits for an answer here."
        )
        for thread in pull.threads
        if not thread.resolved and thread.line is not None
    )


def _who(login: str) -> str:
    return login or "Somebody"
