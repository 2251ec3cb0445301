"""The wall of this machine, as a policy names it."""

from __future__ import annotations

from bot.jobs.wall import probe

WALL = "namespace" if probe() is None else "none"
"""The strongest that works here."""
