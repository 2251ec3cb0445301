"""Templates: everything is escaped, and characters that hide or reorder text are shown by their number."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

HIDDEN = re.compile(
    "(?<![@/<!#:w])\u200b|"
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Controls, direction marks, zero-width characters and tags; not the joiner that emoji are made with, nor the
gaps that keep `@name`, a command or a link in a model's text from acting."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def visible(text: str) -> str:
    """A text in which every character that would hide or reorder others is named instead."""
    return HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def render(template: str, **values: object) -> bytes:
    """A page of templates. Raises jinja2.UndefinedError when a value is missing."""
    return _ENVIRONMENT.get_template(template).render(values).encode(errors="replace")


def offer(**functions: object) -> None:
    """Let templates call these by name."""
    _ENVIRONMENT.globals.update(functions)


def when(moment: datetime, now: datetime) -> Markup:
    """How long ago, with the exact time in it."""
    seconds = int((now - moment).total_seconds())
    if seconds < 60:
        said = "just now"
    elif seconds < 3600:
        said = _count(seconds // 60, "minute")
    elif seconds < 86_400:
        said = _count(seconds // 3600, "hour")
    elif seconds < 30 * 86_400:
        said = _count(seconds // 86_400, "day")
    else:
        said = f"on {moment.day} {MONTHS[moment.month - 1]} {moment.year}"
    exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact, said)


def lasted(begin: datetime | None, end: datetime | None) -> str:
    """From begin to end in minutes and seconds; empty when either is not known."""
    if begin is None or end is None:
        return ""
    seconds = max(0, round((end - begin).total_seconds()))
    return f"{seconds // 60}m {seconds % 60}s" if seconds >= 60 else f"{seconds}s"


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    return f"{count / 1000:.1f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def field(text: str | None) -> Markup:
    """A text for a form's field: as it is, so that what comes back is what went out."""
    return escape(text or "")


def in_path(text: str) -> str:
    """A name for an address; its slashes stay."""
    return quote(text)


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    finalize=_finalize,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(field=field, in_path=in_path, size=size)
_ENVIRONMENT.globals.update(lasted=lasted, when=when)
