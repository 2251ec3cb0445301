"""A change of the specs on its way: shown, proposed as a pull request, merged or closed by a person.

`/bead propose` asks for the run (`planning.py`); what it came to is said on the issue. Its change, where
there is one, is the pull request of `bead/N` while `History.proposes`. Nothing that we do to a bead's pull
request is done to it: we do not review, correct, update or merge it, and a person who pushes to it or closes
it takes nothing over.

- Merged, `History.change` keeps its name, `/bead plan` is offered, the writer plans by the change's files,
  and when all is built a bead archives it (`archiving.py`).
- Closed, it is no more. Either way its branch is deleted: left there it would be taken for a bead's work.
- Opened again, as that pull request or as another one at the same head, it is a proposal again, unless other
  work on the issue has begun; then it is left alone. It is never a bead's work (`History.dropped`).
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.beads.digest import digest
from bot.beads.labels import missing_labels
from bot.coordinator.actions import DeleteRef, OpenPull, PostCheck, Say, SetBody, SetLabels
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft, State
from bot.coordinator.direction_comment import direction_text
from bot.coordinator.history import Dropped, History
from bot.coordinator.pulls import latest_pulls, was_dropped
from bot.coordinator.said import Said
from bot.coordinator.shown import check_key, shown_digest
from bot.coordinator.snapshot import Issue, PullRequest, Run, Snapshot

NOT_OURS = "is a proposal of a change of the specs: only a person merges it, or closes it"


def refusal(said: Said, draft: Draft) -> Answer | None:
    """Why direction cannot be asked for on this issue, or None."""
    if said.issue is not None and said.issue.children:
        return Answer(done=False, reply="It has sub-issues already: propose in an issue of its own.")
    if said.issue is not None and draft.claims.of(said.issue.number).change:
        change = draft.claims.of(said.issue.number).change
        reply = f"It is about the change `{change}` already: propose another in an issue of its own."
        return Answer(done=False, reply=reply)
    return None


def settle(snapshot: Snapshot, issue: Issue | None, run: Run, known: History, draft: Draft) -> History:
    """The history with what a run on direction came to, which is said on the issue while that is open."""
    if run.report is None or run.report.direction is None or known.planning is None:
        return known
    direction = run.report.direction
    if issue is not None:
        text = direction_text(snapshot, run.id, direction)
        draft.before.append(Say(issue.number, issue.id, f"direction-{run.id}", text))
    if direction.answer.change is None:
        return known.model_copy(update={"planning": None})
    shown = known.planning.model_copy(update={"stage": "shown", "run_id": run.id, "failures": 0})
    return known.model_copy(update={"planning": shown, "change": direction.answer.change.name})


def notice(snapshot: Snapshot, issues: Mapping[int, Issue], draft: Draft) -> None:
    """See what people made of proposals: merged, it is there to be planned; closed, it is no more. Where the
    issue is closed too nobody waits there for either."""
    _notice_again(snapshot, issues, draft)
    pulls = latest_pulls(snapshot.pulls, draft.claims)
    for number, known in draft.claims.history.items():
        pull = pulls.get(number)
        if not known.proposes or pull is None or pull.state == "open":
            continue
        if pull.state == "merged" and pull.on_base is not True:
            continue
        issue = issues.get(number)
        merged = pull.state == "merged"
        if issue is not None:
            _tell(issue, known.change, pull, draft)
        for name, head in snapshot.branches:
            if name == f"bead/{number}":
                draft.before.append(DeleteRef(f"refs/heads/{name}", head))
        kept = known.change if merged and issue is not None else ""
        dropped = None
        if not merged and known.planning is not None:
            planning = known.planning.model_copy(update={"text": ""})
            dropped = Dropped(pull=pull.number, head=pull.head, change=known.change, planning=planning)
        past = (*known.past, pull.number)
        draft.claims = draft.claims.remember(number, planning=None, past=past, change=kept, dropped=dropped)


def _notice_again(snapshot: Snapshot, issues: Mapping[int, Issue], draft: Draft) -> None:
    """A proposal that was closed and is open again."""
    for number, known in draft.claims.history.items():
        dropped, issue = known.dropped, issues.get(number)
        if dropped is None:
            continue
        there = [one for one in snapshot.pulls if one.head_ref == f"bead/{number}" and one.state == "open"]
        pull = next((one for one in there if was_dropped(one.number, one.head, dropped)), None)
        other = known.planning is not None or known.change or known.begun or number in draft.claims.live
        if pull is None or other or (issue is not None and issue.children):
            continue
        past = tuple(one for one in known.past if one != pull.number)
        draft.claims = draft.claims.remember(
            number, planning=dropped.planning, change=dropped.change, past=past, dropped=None
        )
        if issue is not None:
            text = f"#{pull.number} is open again: it proposes the change `{dropped.change}` of the specs."
            draft.before.append(Say(number, issue.id, f"proposal-{pull.number}", text))


def _tell(issue: Issue, change: str, pull: PullRequest, draft: Draft) -> None:
    number, merged = issue.number, pull.state == "merged"
    if merged and not issue.body.strip():
        goal = f"What `openspec/changes/{change}` specifies is built."
        was = digest(issue.title, issue.body)
        draft.before.append(SetBody(number, issue.id, was, f"## Outcome\n\n{goal}"))
    text = _offer(change, pull) if merged else f"#{pull.number} was closed: nothing is proposed any more."
    draft.before.append(Say(number, issue.id, f"proposal-{pull.number}", text))
    draft.rewired.add(number)  # its branch is on its way out
    draft.say(number, State.PLANNED, text if not merged else f"the change `{change}` is merged")


def _offer(change: str, pull: PullRequest) -> str:
    return (
        f"The change `{change}` is merged (#{pull.number}). `/bead plan` has beads planned that build it by"
        f" its specifications in `openspec/changes/{change}`; when they are done one more archives it."
    )


def goes_on(snapshot: Snapshot, issue: Issue, pull: PullRequest | None, draft: Draft) -> bool:
    """Whether a proposal of this issue waits for a person, and so nothing else goes on with it."""
    known = draft.claims.of(issue.number)
    name = f"bead/{issue.number}"
    if not known.proposes:
        return _is_left(snapshot, issue, known, draft)
    if pull is not None and pull.state == "merged":
        where = f"#{pull.number} is merged, and its commit is not on {snapshot.default_branch}"
        draft.say(issue.number, State.NEEDS_HUMAN, where)
    elif pull is not None:
        if missing := missing_labels((snapshot.policy.spelling.bead,), pull.labels):
            # Whoever opened it died before it was put on; by it the pull request is found when it is over.
            draft.after.append(SetLabels(pull.number, pull.id, add=missing))
        what = f"#{pull.number} proposes the change `{known.change}` of the specs: merge it, or close it"
        draft.say(issue.number, State.NEEDS_HUMAN, what)
    elif issue.number not in snapshot.focus:
        draft.focus.add(issue.number)  # it may be over, and older than what a look shows
    elif any(branch == name for branch, _ in snapshot.branches):
        body = f"The change `{known.change}` of the specs, proposed for #{issue.number}. It {NOT_OURS}."
        title = f"Propose: {known.change}"
        draft.after.append(OpenPull(issue.number, name, snapshot.default_branch, title, body))
        draft.say(issue.number, State.RUNNING, f"`{name}` has no pull request; one is being opened")
    else:
        draft.claims = draft.claims.remember(issue.number, planning=None, change="")
        draft.say(issue.number, State.PLANNED, "the branch of its proposal is gone, and the proposal with it")
    return True


def _is_left(snapshot: Snapshot, issue: Issue, known: History, draft: Draft) -> bool:
    """Whether the branch of a proposal that was closed is in the way of a bead's work."""
    head = dict(snapshot.branches).get(f"bead/{issue.number}")
    if known.dropped is None or known.planning is not None or issue.children or head != known.dropped.head:
        return False
    why = (
        f"`bead/{issue.number}` holds what #{known.dropped.pull} proposed, which was closed: open that again,"
        " or delete the branch"
    )
    draft.say(issue.number, State.BLOCKED, why)
    return True


def check(snapshot: Snapshot, pull: PullRequest) -> PostCheck | None:
    """Our check on a proposal, which must not be in a person's way where it is required; None when it is
    there."""
    title, summary = (
        "A proposal for people",
        f"This {NOT_OURS}. Beadwright has nothing to say against either.",
    )
    post = PostCheck(pull.number, pull.head, "success", title, summary)
    return None if snapshot.shown.get(check_key(pull.head)) == shown_digest(post.text) else post
