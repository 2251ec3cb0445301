"""Dates in GitHub's search syntax, which lists of runs take too.

https://docs.github.com/en/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.local.forge.http import invalid


def within(span: str, moment: datetime, name: str) -> bool:
    """Whether a moment is in ``>=X``, ``X..Y``, ``X..*`` or a day.

    Raises Refused(422), naming the parameter `name`, for what is no date.
    """
    if ".." in span:
        first, _, last = span.partition("..")
        return (first == "*" or moment >= _moment(first, name)) and (last == "*" or moment < _end(last, name))
    for sign in (">=", "<=", ">", "<"):
        if span.startswith(sign):
            text = span.removeprefix(sign)
            return {
                ">=": moment >= _moment(text, name),
                "<=": moment < _end(text, name),
                ">": moment >= _end(text, name),
                "<": moment < _moment(text, name),
            }[sign]
    return _moment(span, name) <= moment < _end(span, name)


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError:
        raise invalid(f"{name} is no date: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(text: str, name: str) -> datetime:
    """The first moment after a day or a second."""
    return _moment(text, name) + (timedelta(seconds=1) if "T" in text else timedelta(days=1))
