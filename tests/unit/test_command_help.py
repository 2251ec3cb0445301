from __future__ import annotations

from pathlib import Path

from bot.beads.authority import Authority
from bot.beads.command_help import commands_page, help_text
from bot.beads.commands import Name, read_commands

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_what_the_table_of_commands_gives() -> None:
    """To renew it: see its second paragraph."""
    assert PAGE.read_text(encoding="utf-8") == commands_page()


def test_the_help_lists_every_command_with_what_the_policy_asks_for() -> None:
    told = help_text(Authority(hold="admin"))
    assert all(f"| `/bead {name.value}" in told for name in Name)
    assert "| `/bead hold [REASON]` | admin |" in told


def test_the_help_gives_no_command() -> None:
    assert read_commands(help_text(Authority())) == ()
