"""What models cost that codex is asked for: it tells tokens, no dollars.

List prices of https://openai.com/api/pricing as they were in 2026; a repository's `engine.prices` go before
them. A model that neither names has no price here, and a run of it counts as its whole reserve.
"""

from __future__ import annotations

from collections.abc import Mapping

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
