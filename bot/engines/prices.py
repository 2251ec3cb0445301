"""What models cost that codex is asked for: it tells tokens, no dollars.

List prices of https://openai.com/api/pricing as they were in 2026; a repository's `engine.prices` go before
them. A model that neither names has no price here, and a run of it counts as its whole reserve.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from bot.beads.policy import Price

DEFAULT_MODEL = "gpt-5.5"
LIST_PRICES = {
    "gpt-5.6-sol": Price(input=5, cached=0.5, output=30),
    "gpt-5.6-terra": Price(input=2.5, cached=0.25, output=15),
    "gpt-5.6-luna": Price(input=1, cached=0.1, output=6),
    "gpt-5.5": Price(input=5, cached=0.5, output=30),
    "gpt-5.4": Price(input=2.5, cached=0.25, output=15),
    "gpt-5.4-mini": Price(input=0.75, cached=0.075, output=4.5),
    "gpt-5.3-codex": Price(input=1.75, cached=0.175, output=14),
}


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """A model's price, or None when nobody knows it."""
    return prices.get(model) or LIST_PRICES.get(model)


def cost_of(price: Price, *, whole: object, cached: object, output: object) -> int:
    """Millionths of a dollar: a dollar for a million tokens is just one for each token.

    `whole` are all tokens of input, `cached` those of them that came from a cache; what is no count is 0.
    """
    counts = (count if isinstance(count, int) and count > 0 else 0 for count in (whole, cached, output))
    fresh, saved, made = counts
    saved = min(saved, fresh)
    return round((fresh - saved) * price.input + saved * price.cached + made * price.output)


class Meter:
    """Adds up what a run has cost while it is under way, for a CLI that knows no budget."""

    def __init__(self, price: Price, budget: int) -> None:
        self.cost = 0
        self._price = price
        self._budget = budget
        self._lock = threading.Lock()

    @property
    def is_spent(self) -> bool:
        """Whether the budget is used up; a budget of nothing is none."""
        return 0 < self._budget <= self.cost

    def count(self, response: Mapping[str, Any]) -> None:
        """Add an answer of OpenAI's Responses API."""
        usage = response.get("usage") or {}
        details = usage.get("input_tokens_details") or {}
        cost = cost_of(
            self._price,
            whole=usage.get("input_tokens"),
            cached=details.get("cached_tokens"),
            output=usage.get("output_tokens"),
        )
        with self._lock:
            self.cost += cost
