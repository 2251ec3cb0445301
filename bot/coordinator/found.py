"""Work that runs found beside their own, and what they need before they can go on.

A follow-up is listed on the bead that it was found on, until somebody says `/bead file`; where the policy
says so it is filed at once. A blocker becomes a bead at once: its bead waits for it. What a report says is
made harmless before it becomes anything.

The claims remember of a follow-up its title and where its text is: in the report of its run. So the list
outlives its bead for `KEPT` (people read it when they merge), and costs little: `CLOSED` beads at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.beads.graph import Graph
from bot.beads.report import Blocker, FollowUp, Report, WorkerAnswer
from bot.beads.visible_text import one_line
from bot.coordinator.actions import CreateBead, SetLabels
from bot.coordinator.claims import Answer, Claim
from bot.coordinator.comment_parts import run_page
from bot.coordinator.decision import Draft, State
from bot.coordinator.edges import open_nodes
from bot.coordinator.history import Found, History
from bot.coordinator.quoting import TITLE, harmless, listed_line, quoted_line, quoted_title
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Issue, Snapshot

LISTED = 40
"""How many finds of one bead are remembered, the last ones."""
KEPT = timedelta(days=30)
CLOSED = 50
GONE = "What else its report said is not kept any more."


def take(
    snapshot: Snapshot, issue: Issue, claim: Claim, run_id: int, answer: WorkerAnswer, draft: Draft
) -> tuple[Found, ...]:
    """What the bead has found when a run's answer is counted in; beads are made of what has to be one now."""
    if claim.outcome == "blocked":
        _block(snapshot, issue, claim, answer, draft)
    known = draft.claims.of(issue.number).found
    made, titles = _made(snapshot.issues), {*_titles(snapshot.issues), *(_plain(one.title) for one in known)}
    fresh: list[Found] = []
    for index, follow_up in enumerate(answer.follow_ups):
        found = Found(run_id=run_id, index=index, title=quoted_title(snapshot, follow_up.title))
        is_made = _marker(issue.number, found) in made
        if _plain(found.title) in titles and not is_made:
            continue
        titles.add(_plain(found.title))
        at_once = snapshot.policy.follow_ups == "file"
        if at_once and not is_made:
            draft.before.append(_bead(snapshot, issue.number, found, follow_up, waits=True))
        fresh.append(found.model_copy(update={"filed": at_once or is_made}))
    return (*known, *fresh)[-LISTED:]


def circle(snapshot: Snapshot, issue: Issue, answer: WorkerAnswer) -> str | None:
    """What a bead's worker would have it wait for although that waits for the bead, with the cycle written
    out; None where there is no such thing."""
    graph = Graph(open_nodes(snapshot).values(), snapshot.closed)
    for blocker in answer.blockers:
        if blocker.bead is not None and issue.number in graph.nodes:
            cycle = graph.would_close_cycle(issue.number, blocked_by=blocker.bead)
            if cycle is not None:
                return (
                    f"its worker waits for #{blocker.bead}, and then they would wait for each other for ever:"
                    f" {cycle.witness}"
                )
    return None


def file(said: Said, draft: Draft) -> Answer:
    """`/bead file [PLACES]`: beads of what is listed, each once; all of it where no places are named."""
    snapshot, bead = said.snapshot, said.comment.bead
    assert bead is not None, "a command on a bead"
    known = draft.claims.of(bead)
    waiting = {place: one for place, one in enumerate(known.found, start=1) if not one.filed}
    wrong = [place for place in said.command.numbers if place not in waiting]
    if not waiting:
        return Answer(done=False, reply=f"Nothing that #{bead} found waits to be filed.")
    if wrong:
        left = ", ".join(map(str, waiting))
        return Answer(done=False, reply=f"Not filed yet are {left} of its list; {wrong[0]} is none of them.")
    made, titles = _made(snapshot.issues), _titles(snapshot.issues)
    replies: list[str] = []
    found = list(known.found)
    for place in said.command.numbers or waiting:
        one = waiting[place]
        twin = titles.get(_plain(one.title))
        if _marker(bead, one) in made:
            pass  # by this very command, whose answer got lost
        elif twin is not None:
            replies.append(f"{place} is not filed: #{twin} is called the same.")
        else:
            text = _text(snapshot, one)
            draft.before.append(_bead(snapshot, bead, one, text, waits=said.issue is not None))
            if text is None:
                replies.append(f"Of {place} only the title is left: the report of its run is gone.")
        found[place - 1] = one.model_copy(update={"filed": True})
    draft.claims = draft.claims.remember(bead, found=tuple(found))
    return Answer(done=True, reply="\n".join(replies))


def listing(snapshot: Snapshot, bead: int, known: History) -> str:
    """What a bead found, for people: numbered, with what became of it, and how to file the rest."""
    if not known.found:
        return ""
    made = _made(snapshot.issues)
    rows = []
    for place, one in enumerate(known.found, start=1):
        number = made.get(_marker(bead, one))
        filed = f" (filed: #{number})" if number is not None else " (filed)" if one.filed else ""
        rows.append(f"{place}. {listed_line(snapshot, one.title, TITLE)}{filed}")
    lines = ["Found beside the work:", "", *rows]
    if known.unfiled:
        some = next(place for place, one in enumerate(known.found, start=1) if not one.filed)
        lines += ["", f"`/bead file` makes beads of them, `/bead file {some}` of that one alone."]
    return "\n".join(lines)


def forget(draft: Draft, closed: Iterable[int], now: datetime) -> None:
    """Forget beads that are closed, all but their past, and what they found and nobody has filed; that too in
    the end."""
    history = dict(draft.claims.history)
    for bead in closed:
        known = history.pop(bead)
        since = known.closed or now
        kept = known.lasting
        if known.unfiled and now - since < KEPT:
            kept = kept.model_copy(update={"found": known.found, "closed": since})
        if kept != History():
            history[bead] = kept
    finders = [(known.closed, bead) for bead, known in history.items() if known.closed is not None]
    for _, bead in sorted(finders)[:-CLOSED]:
        kept = history.pop(bead).lasting
        if kept != History():
            history[bead] = kept
    if history != draft.claims.history:
        draft.claims = draft.claims.model_copy(update={"history": history})


def _block(snapshot: Snapshot, issue: Issue, claim: Claim, answer: WorkerAnswer, draft: Draft) -> None:
    """What the bead waits for: beads that are there, and those that are made for it."""
    if not answer.blockers or circle(snapshot, issue, answer) is not None:
        return
    draft.rewired.add(issue.number)
    waits_for = [quoted_line(snapshot, blocker.unblocked_when) for blocker in answer.blockers]
    draft.say_all(issue.number, State.BLOCKED, waits_for)
    for index, blocker in enumerate(answer.blockers):
        if blocker.bead is not None:
            label = f"{snapshot.policy.spelling.blocked_by}{blocker.bead}"
            draft.before.append(SetLabels(issue.number, issue.id, add=(label,)))
        else:
            draft.before.append(_blocker(snapshot, issue, claim, index, blocker))


def _blocker(snapshot: Snapshot, issue: Issue, claim: Claim, index: int, blocker: Blocker) -> CreateBead:
    title = quoted_title(snapshot, blocker.title or blocker.unblocked_when)
    outcome = quoted_line(snapshot, blocker.unblocked_when)
    text = harmless(snapshot, blocker.body).strip()
    body = f"{text}\n\n## Outcome\n\n{outcome}\n\n---\nBlocks #{issue.number}.".lstrip()
    marker = f"{issue.number}-{claim.token[:12]}-b{index}"
    return CreateBead(
        issue.number, marker, title, body, (snapshot.policy.spelling.bead,), blocks=issue.number
    )


def _bead(snapshot: Snapshot, origin: int, found: Found, text: FollowUp | None, *, waits: bool) -> CreateBead:
    """The bead of a follow-up. While its origin is open it `waits` for it: it may rest on work that is not
    merged yet."""
    run = run_page(snapshot, found.run_id)
    said = harmless(snapshot, text.body).strip() if text is not None else GONE
    body = f"{said}\n\n---\nFound while working on #{origin} ([run]({run}))."
    spelling = snapshot.policy.spelling
    labels = (spelling.bead, *((f"{spelling.blocked_by}{origin}",) if waits else ()))
    return CreateBead(origin, _marker(origin, found), found.title, body, labels)


def _marker(origin: int, found: Found) -> str:
    return f"{origin}-{found.run_id}-f{found.index}"


def _text(snapshot: Snapshot, found: Found) -> FollowUp | None:
    """The follow-up in its run's report, where that is still there and the same."""
    report: Report | None = snapshot.reports.get(found.run_id)
    said = report.worker.follow_ups if report is not None and report.worker is not None else ()
    text = said[found.index] if found.index < len(said) else None
    return text if text is not None and quoted_title(snapshot, text.title) == found.title else None


def _made(issues: Iterable[Issue]) -> dict[str, int]:
    """The open beads that we made, by their markers."""
    return {
        marker.removeprefix("bead="): issue.number
        for issue in issues
        for marker in issue.markers
        if marker.startswith("bead=")
    }


def _titles(issues: Iterable[Issue]) -> dict[str, int]:
    return {_plain(issue.title): issue.number for issue in issues}


def _plain(title: str) -> str:
    return one_line(title).casefold().rstrip(".!")
