"""Whether a title begins with what to do: a guess by its first word, which lets pass what is not sure."""

from __future__ import annotations

import re

NO_VERBS = frozenset(
    (
        *("a", "an", "the", "this", "that", "these", "those", "some", "all", "any", "no", "every", "each"),
        *("i", "we", "you", "he", "she", "it", "they", "our", "my", "your", "its", "their", "there"),
        *("when", "if", "as", "because", "after", "before", "for", "in", "on", "with", "of", "to", "from"),
        *("should", "must", "can", "could", "will", "would", "may", "is", "are", "was", "were", "be", "has"),
        *("new", "better", "broken", "wrong", "more", "less", "faster", "improvement", "feature"),
        *("bug", "bugfix", "task", "chore", "epic", "why", "how", "what", "please", "maybe", "todo", "wip"),
    )
)
ING = frozenset({"bring", "ping", "ring", "string", "sling", "wring", "sing", "swing", "spring", "cling"})
ED = frozenset({"embed", "feed", "seed", "speed", "shed", "heed", "weed", "breed", "exceed", "proceed"})
PREFIX = re.compile(
    r"(?i)(?:\[[^\]]*\]|(?:feat|fix|docs|chore|test|refactor|perf|ci|build|style)(?:\([^)]*\))?!?:)"
)
"""What some put before the title of a commit."""


def is_imperative(title: str) -> bool:
    """Whether a title says what to do, as far as its first word tells; one in letters that English has not
    is let pass."""
    start = title.strip()
    if PREFIX.match(start):
        return False
    found = re.match(r"[A-Za-z'-]+", start)
    if found is None:
        return bool(start) and start[0].isalpha()
    word = found[0].lower()
    if word in NO_VERBS:
        return False
    if (word.endswith("ing") and word not in ING) or (word.endswith("ed") and word not in ED):
        return False
    # Adds, fixes and totals are none; process, focus, alias and analysis are not told by their ends.
    return not re.search(r"[^suai]s$", word)
