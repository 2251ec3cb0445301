"""What people read about commands: the answer to `/bead help`, and docs/commands.md."""

from __future__ import annotations

from bot.beads.authority import Authority
from bot.beads.commands import COMMANDS, FORMS, Name, Where, example, usage
from bot.beads.tables import table_row

PLACES: dict[Where, str] = {
    "bead": "an open bead, or its pull request",
    "issue": "any open issue, or a bead's pull request",
    "merged": "a bead or its pull request, also when they are over",
    "anywhere": "any issue or pull request",
}
PAGE = """\
# Commands

<!-- Made from `FORMS` in bot/beads/commands.py:
     .venv/bin/python -c 'from bot.beads.command_help import *; print(end=commands_page())' -->

Write a command at the start of a line in a comment on an issue or a pull request:

```text
/bead priority P1
```

- It counts only in plain text: not in a quote, a list, a table, code or an HTML comment. So a command can be
  quoted and talked about.
- A comment may hold up to {commands} commands. It is taken whole or refused whole.
- Upper and lower case are the same; issues are written `#12` or `12`, days `2027-01-31`.
- 👀 says that it was taken, 🚀 that it is done, 👎 that it was refused: then one line says what would work.
- A comment is answered once. One that was written while Beadwright was away is answered when it is back.
  Editing an answered comment does nothing more: write a new one.
- What counts is the permission that GitHub's API names for you in this repository. A comment that somebody
  else edited counts for no more than they may do. Bots count only where the policy's `bots` lets them in and
  they may write.
- Of one person up to `commands_per_hour` comments with commands are answered in an hour; more get 👎 alone.
  Who has less than triage permission gets one reply on each issue, which is edited when there is more to say.
- The buttons of the check run `beadwright` are commands too: *Review again* is `/bead review`, *Hold* is
  `/bead hold`, for whoever may. A press can be lost where a comment cannot; then press again.

The permissions are those of the default policy; `authority` in `.github/beadwright.yml` changes them.

| command | permission | where | what it does |
|---|---|---|---|
{rows}

## Examples

```text
{examples}
```
"""


def help_text(authority: Authority) -> str:
    """The answer to `/bead help`: every command with its permission, as a table."""
    rows = [
        table_row((f"`{usage(name)}`", authority.needed(form.right).name.lower(), form.help))
        for name, form in FORMS.items()
    ]
    head = ["| command | permission | what it does |", "|---|---|---|"]
    return "\n".join(["At the start of a line of a comment:", "", *head, *rows])


def commands_page() -> str:
    """The text of docs/commands.md."""
    needed = Authority().needed
    rows = [
        table_row((f"`{usage(name)}`", needed(form.right).name.lower(), PLACES[form.where], form.help))
        for name, form in FORMS.items()
    ]
    examples = [example(name) for name in Name if FORMS[name].argument.example]
    return PAGE.format(commands=COMMANDS, rows="\n".join(rows), examples="\n".join(examples))
