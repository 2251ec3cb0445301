"""Whether a bead is released: by its own label `ready`, or by that of an epic above it. Pure.

`ready` counts by who put it on. Where we put it on ourselves, the person counts whose command that carried
out (`History.release`). It holds only as long as title and body are what that person saw:

- An edit by somebody without the authority ends it, also when somebody with authority edits afterwards: what
  they saw of it is not known. Edits by ourselves are a person's command carried out.
- An edit in the very second of the release counts as later.
- An epic releases the children that it had, and those that somebody with the authority adds later. What we
  make below it was approved: while it is released only by somebody who may release it (`approving.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.beads.labels import Labels
from bot.coordinator.claims import Claims
from bot.coordinator.decision import Draft
from bot.coordinator.edges import labels_of
from bot.coordinator.snapshot import Issue, Snapshot
from bot.coordinator.voices import Voices, voices_of


@dataclass(frozen=True, slots=True)
class Release:
    """Who released a bead and when; `problem` says why it is not released. `ended` tells that it was, until
    somebody without the authority edited it."""

    by: str = ""
    since: datetime | None = None
    problem: str | None = None
    ended: bool = False

    @property
    def holds(self) -> bool:
        """Whether runs of the bead may start."""
        return self.problem is None


class Releases:
    """The releases of all open beads.

    Args:
        issues: the open beads.
        labels: what their labels say.
        voices: whose words count.
        claims: what is remembered of commands.
    """

    def __init__(
        self, issues: Mapping[int, Issue], labels: Mapping[int, Labels], voices: Voices, claims: Claims
    ) -> None:
        self._issues = issues
        self._labels = labels
        self._voices = voices
        self._claims = claims
        self._known: dict[int, Release] = {}
        self._ready = voices.policy.spelling.ready
        self._ask = f"label it `{self._ready}`"
        self._not_released = Release(problem=f"it is not released: {self._ask}")

    def of(self, number: int) -> Release:
        """Whether this bead is released, and if not, what is wrong and what to do."""
        if number not in self._known:
            self._known[number] = self._not_released  # as a cycle of parents finds it
            self._known[number] = self._find(self._issues[number])
        return self._known[number]

    def _find(self, issue: Issue) -> Release:
        own = self._by_label(issue)
        if own.holds or issue.parent is None or issue.parent not in self._issues:
            return own
        above = self._by_parent(issue, issue.parent)
        if above.holds or self._labels[issue.number].ready:
            return above if above.holds else own
        return above

    def _by_label(self, issue: Issue) -> Release:
        if not self._labels[issue.number].ready:
            return self._not_released
        said: list[tuple[str, datetime]] = []
        if issue.released_by and issue.ready_at and issue.released_by != self._voices.own:
            said.append((issue.released_by, issue.ready_at))
        word = self._claims.of(issue.number).release
        # What we put it on for, before or just now (then no event shows yet), or what was said on top of it.
        # What was said before somebody else put it on is past.
        ours = issue.ready_at is None or issue.released_by == self._voices.own
        if word is not None and (ours or (issue.ready_at is not None and word.at >= issue.ready_at)):
            said.append((word.by, word.at))
        if not said:
            return Release(problem=f"it is not known who put `{self._ready}` on: put it on again")
        found = [self._held(issue, by, since) for by, since in reversed(said)]
        return next((one for one in found if one.holds), next((one for one in found if one.ended), found[0]))

    def _by_parent(self, issue: Issue, parent: int) -> Release:
        above = self.of(parent)
        if not above.holds or above.since is None:
            said = f"its epic #{parent} is not released either: {above.problem}"
            return Release(problem=said) if above.ended else self._not_released
        added, by = issue.parent_since or issue.created_at, issue.parent_by or "somebody"
        made = any(marker.startswith("bead=") for marker in issue.markers)
        if made and by == self._voices.own:
            return self._held(issue, above.by, max(above.since, issue.created_at))
        if added > above.since and not self._voices.counts(by):
            who = f"@{by}, who has no authority here," if issue.parent_by else by
            problem = f"{who} put it below #{parent} after @{above.by} released that: {self._ask} itself"
            return Release(problem=problem)
        return self._held(issue, above.by, max(above.since, added))

    def _held(self, issue: Issue, by: str, since: datetime) -> Release:
        """What a release by somebody is worth now."""
        if not self._voices.counts(by):
            needed = self._voices.policy.authority.release
            problem = f"@{by}, who put `{self._ready}` on it, may not release here (that needs `{needed}`)"
            return Release(problem=f"it is not released: {problem}: somebody who may has to put it on again")
        editors = dict.fromkeys(
            edit.login
            for edit in issue.edits
            if edit.at >= since and edit.login != self._voices.own and not self._voices.counts(edit.login)
        )
        again = f"edited it after @{by} released it: read it and put `{self._ready}` on again"
        if editors:
            who = " and ".join(f"@{login}" for login in editors)
            has = "have" if len(editors) > 1 else "has"
            return Release(by, since, f"{who}, who {has} no authority here, {again}", ended=True)
        if issue.edits_since is not None and since < issue.edits_since:
            return Release(by, since, f"more people than can be told {again}", ended=True)
        return Release(by, since)


def releaser(release: Release) -> str | None:
    """The person who released a bead, by their own label, by a command, or by an epic above it, also where
    somebody's edit has ended that; None when nobody has, or when it was a bot."""
    given = release.holds or release.ended
    return release.by if given and release.by and not release.by.endswith("[bot]") else None


def releases_in(snapshot: Snapshot, claims: Claims) -> Releases:
    """The releases of a look, with what is remembered of commands by now."""
    issues = {issue.number: issue for issue in snapshot.issues}
    labels = {number: labels_of(issue, snapshot.policy) for number, issue in issues.items()}
    return Releases(issues, labels, voices_of(snapshot), claims)


def rearm(issue: Issue, labels: Labels, releases: Releases, draft: Draft) -> None:
    """Taking `ready` off, or putting `hold` on, is a person's answer to a stop: counting starts again. A
    draft of what a text lacks is made without a release, so the lack of one says nothing about it."""
    known = draft.claims.history.get(issue.number)
    if known is None or not known.stopped or (releases.of(issue.number).holds and not labels.hold):
        return
    if known.shape is not None and not labels.hold:
        return
    draft.claims = draft.claims.remember(issue.number, stopped=None, failures=0, rounds=0)
