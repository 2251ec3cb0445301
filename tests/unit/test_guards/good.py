"""A pull request that every guard lets through; tests change one fact of it."""

from __future__ import annotations

from bot.guards import CheckFact, CoolDown, PullFacts, Required

HEAD = "a" * 40
GOOD = PullFacts(
    open=True,
    draft=False,
    head=HEAD,
    reviewed_head=HEAD,
    approved=True,
    behind=False,
    unresolved_threads=0,
    required=(Required("tests", 7), Required("beadwright")),
    checks=(CheckFact("tests", "green", 7), CheckFact("lint", "green", 7)),
    min_checks=2,
    changes_requested_by=(),
    approvals=1,
    required_approvals=1,
    mergeable="clean",
    blocking_labels=(),
    base_state="green",
    cool_down=(
        CoolDown("reviewdog[bot]", "advisory", 0, False),
        CoolDown("other[bot]", "blocking", 60, True),
    ),
    twin_pulls=(),
    rules_known=True,
    own_check="beadwright",
)
