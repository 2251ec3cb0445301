"""Every behaviour of GitHub that Beadwright relies on, each as one small test with its source.

`beadwright probe` runs them against the forge or against github.com; `docs/assumptions.md` lists them.
"""

from __future__ import annotations

from bot.github.assumptions import (
    actions,
    apps,
    checks,
    comments,
    git,
    graphql,
    issues,
    labels,
    limits,
    merging,
    people,
    pulls,
    queues,
    refs,
    reviews,
    rules,
    webhooks,
)
from bot.github.assumptions.registry import ASSUMPTIONS as _REGISTERED

AREAS = {
    "refs": refs,
    "git": git,
    "pulls": pulls,
    "merging": merging,
    "reviews": reviews,
    "checks": checks,
    "rules": rules,
    "queues": queues,
    "issues": issues,
    "labels": labels,
    "comments": comments,
    "graphql": graphql,
    "people": people,
    "apps": apps,
    "actions": actions,
    "webhooks": webhooks,
    "limits": limits,
}
"""The files of assumptions, in the order in which they are tried and shown."""

_ORDER = {name: place for place, name in enumerate(AREAS)}
ASSUMPTIONS = tuple(sorted(_REGISTERED, key=lambda one: _ORDER[one.area]))
