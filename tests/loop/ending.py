"""How a history ended, without what no two histories share: ids, times, tokens, commits, who was first."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from bot.coordinator.claims import CLAIMS_REF
from bot.local.forge.records import (
    CheckRun,
    Comment,
    Issue,
    Label,
    Pull,
    Reaction,
    Repository,
    Review,
    ReviewComment,
)
from bot.local.forge.records import Thread as ReviewThread
from bot.local.forge.state import State
from tests.loop.world import Loop

MARKER = re.compile(r"<!-- beadwright:([a-z-]+)=(\S+) -->")


@dataclass(frozen=True)
class Ending:
    """Everything that people can see at the end. Each list is sorted; issues are called by their titles."""

    beads: list[tuple[str, ...]]
    pulls: list[tuple[str, ...]]
    comments: list[tuple[str, ...]]
    reviews: list[tuple[str, ...]]
    threads: list[tuple[str, ...]]
    checks: list[tuple[str, ...]]
    main: list[str]
    merges: list[str]
    refs: list[str]
    live: int
    remembered: list[str]
    spent: int


def ending(loop: Loop) -> Ending:
    """The picture of this moment."""
    claims = loop.claims()

    def find(state: State) -> Ending:
        (repository,) = state.all(Repository)
        return _Picture(loop, state, repository).take(
            live=len(claims.live),
            spent=sum(claims.spent.values()),
            remembered={
                number: f"{known.stopped}, {known.rounds} rounds" for number, known in claims.history.items()
            },
        )

    return loop.forge.on(find)


def twins(loop: Loop) -> list[str]:
    """What carries a marker that something else open at the same place carries as well."""

    def find(state: State) -> list[str]:
        found: Counter[str] = Counter()
        for issue in state.all(Issue):
            for key, value in MARKER.findall(issue.body or ""):
                if issue.state == "open" and key == "bead":
                    found[f"{key}={value}"] += 1
        for comment in state.all(Comment):
            for key, value in MARKER.findall(comment.body):
                found[f"{comment.issue_id} {key}={value}"] += 1
        heads = Counter(pull.head_ref for pull in state.all(Pull) if not pull.merged and _open(state, pull))
        return [what for what, count in (found + heads).items() if count > 1]

    return loop.forge.on(find)


def _open(state: State, pull: Pull) -> bool:
    return state.get(Issue, pull.issue_id).state == "open"


def _closed_twins(state: State) -> set[int]:
    """Issues that were closed as twins, and are: an earlier one carries their marker."""
    seen: set[str] = set()
    found: set[int] = set()
    for issue in state.all(Issue):
        made = {value for key, value in MARKER.findall(issue.body or "") if key == "bead"}
        if made & seen and (issue.state, issue.state_reason) == ("closed", "duplicate"):
            found.add(issue.id)
        seen |= made
    return found


class _Picture:
    def __init__(self, loop: Loop, state: State, repository: Repository) -> None:
        self._git = loop.git
        self._state = state
        self._main = repository.default_branch
        self._twins = _closed_twins(state)
        self._titles = {
            issue.number: f"twin of {issue.title}" if issue.id in self._twins else issue.title
            for issue in state.all(Issue)
        }

    def take(self, *, live: int, spent: int, remembered: dict[int, str]) -> Ending:
        state = self._state
        pulls = list(state.all(Pull))
        heads = {pull.head_sha: pull for pull in pulls}
        return Ending(
            beads=sorted(
                self._bead(issue)
                for issue in state.all(Issue)
                if issue.pull_id is None and issue.id not in self._twins
            ),
            pulls=sorted(self._pull(pull) for pull in pulls),
            comments=sorted(
                (self._title(comment.issue_id), self._plain(comment.body), self._signs(comment))
                for comment in state.all(Comment)
            ),
            reviews=sorted(
                (self._of(review.pull_id), review.state, self._plain(review.body))
                for review in state.all(Review)
            ),
            threads=sorted(self._thread(thread) for thread in state.all(ReviewThread)),
            checks=sorted(
                (
                    heads[run.head_sha].head_ref and self._of(heads[run.head_sha].id),
                    run.name,
                    str(run.conclusion),
                )
                for run in state.all(CheckRun)
                if run.head_sha in heads
            ),
            main=self._files(f"refs/heads/{self._main}"),
            merges=sorted(
                self._plain(line)
                for line in self._git.text("log", "--first-parent", "--format=%s", self._main).splitlines()
            ),
            refs=sorted(
                self._plain(name)
                for name in self._git.text("for-each-ref", "--format=%(refname)").splitlines()
                if not name.startswith("refs/pull/") and name != CLAIMS_REF
            ),
            live=live,
            remembered=sorted(
                f"{self._titles[number]}: {self._plain(known)}" for number, known in remembered.items()
            ),
            spent=spent,
        )

    def _bead(self, issue: Issue) -> tuple[str, ...]:
        labels = sorted(self._plain(self._state.get(Label, label).name) for label in issue.label_ids)
        parent = self._title(issue.parent_id) if issue.parent_id is not None else ""
        body = self._plain(issue.body or "")
        return issue.title, issue.state, issue.state_reason or "", ", ".join(labels), parent, body

    def _pull(self, pull: Pull) -> tuple[str, ...]:
        issue = self._state.get(Issue, pull.issue_id)
        labels = sorted(self._state.get(Label, label).name for label in issue.label_ids)
        tree = ", ".join(self._files(pull.head_sha))
        state = "merged" if pull.merged else issue.state
        return self._of(pull.id), state, tree, ", ".join(labels), self._plain(issue.body or "")

    def _files(self, revision: str) -> list[str]:
        """What beads made, by path and object."""
        listed = self._git.text("ls-tree", "-r", revision, "work/").splitlines()
        return sorted(f"{self._plain(line.split()[3])} {line.split()[2][:9]}" for line in listed)

    def _thread(self, thread: ReviewThread) -> tuple[str, ...]:
        said = [one.body for one in self._state.find(ReviewComment, thread_id=thread.id)]
        words = " / ".join(self._plain(body) for body in said)
        return self._of(thread.pull_id), self._plain(thread.path), str(thread.resolved), words

    def _signs(self, comment: Comment) -> str:
        """The reactions on a comment, in their order."""
        return " ".join(one.content for one in self._state.find(Reaction, on="Comment", on_id=comment.id))

    def _of(self, pull_id: int) -> str:
        """A pull request by the title of its bead; one that takes another back says so."""
        pull = self._state.get(Pull, pull_id)
        what, _, bead = pull.head_ref.rpartition("bead/")
        return f"{'revert of ' if what else ''}PR of {self._titles[int(bead)]}"

    def _title(self, issue_id: int) -> str:
        issue = self._state.get(Issue, issue_id)
        return self._of(issue.pull_id) if issue.pull_id is not None else issue.title

    def _plain(self, text: str) -> str:
        """A text without what differs from run to run, and without the list of the runs themselves."""
        text = re.sub(r"<details>.*?</details>|```mermaid.*?```", "", text, flags=re.DOTALL)
        text = re.sub(r"https?://\S+?/actions/runs/\d+", "RUN", text)
        text = re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", text)
        text = re.sub(r"\b[0-9a-f]{32}\b", "TOKEN", text)
        text = re.sub(r"\d+-(?:[0-9a-f]{12}|\d+)-(?=[bfp]\d)", "ORIGIN-", text)
        text = re.sub(r"\b[0-9a-f]{12}\b", "SHORT", text)
        text = re.sub(r"\b(answer-|undo-|revert[-=])\d+", r"\1N", text)
        text = re.sub(r"\b(run|attempt) \d+", r"\1 N", text)
        text = re.sub(r"#(\d+)", lambda found: f"#({self._titles.get(int(found[1]), '?')})", text)
        text = re.sub(
            r"\b(bead|work)/(\d+)", lambda found: f"{found[1]}/({self._titles[int(found[2])]})", text
        )
        return re.sub(r"(?:^- .*\n?)+", lambda found: _sorted(found[0]), text, flags=re.MULTILINE)


def _sorted(items: str) -> str:
    """The items of a list in an order that does not tell which was there first."""
    return "".join(f"{item}\n" for item in sorted(items.splitlines()))
