"""The labels of a repository: what they are called, and making, changing and deleting them."""

from __future__ import annotations

import re

from bot.local.forge.http import Refused, invalid
from bot.local.forge.records import Account, Issue, Label, Repository
from bot.local.forge.state import Signal, State

MAX_NAME = 50
MAX_DESCRIPTION = 100


def find_label(state: State, repository: Repository, name: str) -> Label | None:
    """The repository's label of that name, without regard to case."""
    return state.one(Label, repo_id=repository.id, key=name.lower())


def create_label(
    state: State,
    actor: Account,
    repository: Repository,
    name: str,
    color: str = "ededed",
    description: str | None = None,
) -> Label:
    """Make a label. Raises Refused(422) for a name that is taken or too long, or a colour that is none."""
    name, color = name.strip(), color.removeprefix("#").lower()
    _check(name, color, description)
    if find_label(state, repository, name) is not None:
        raise _invalid_field("name", "already_exists")
    made = state.put(
        Label(
            id=state.new_id(),
            repo_id=repository.id,
            name=name,
            key=name.lower(),
            color=color,
            description=description,
        )
    )
    state.signal(Signal("label", "created", repository.id, actor.id, {"label": made.id}))
    return made


def edit_label(
    state: State,
    actor: Account,
    label: Label,
    *,
    name: str | None = None,
    color: str | None = None,
    description: str | None = None,
) -> Label:
    """Rename or repaint a label (None: as it is). Raises Refused(422) as `create_label`."""
    new_name = label.name if name is None else name.strip()
    new_color = label.color if color is None else color.removeprefix("#").lower()
    new_description = label.description if description is None else description
    _check(new_name, new_color, new_description)
    taken = state.one(Label, repo_id=label.repo_id, key=new_name.lower())
    if taken is not None and taken.id != label.id:
        raise _invalid_field("name", "already_exists")
    changes = {
        field: {"from": old or ""}
        for field, old, new in (
            ("name", label.name, new_name),
            ("color", label.color, new_color),
            ("description", label.description, new_description),
        )
        if old != new
    }
    label.name, label.key, label.color = new_name, new_name.lower(), new_color
    label.description = new_description
    state.put(label)
    if changes:
        state.signal(
            Signal("label", "edited", label.repo_id, actor.id, {"label": label.id}, {"changes": changes})
        )
    return label


def delete_label(state: State, actor: Account, label: Label) -> None:
    """Delete a label; it comes off every issue without any event there, as on GitHub."""
    for issue in state.find(Issue, repo_id=label.repo_id):
        if label.id in issue.label_ids:
            issue.label_ids = [other for other in issue.label_ids if other != label.id]
            state.put(issue)
    state.drop(label)
    state.signal(
        Signal(
            "label",
            "deleted",
            label.repo_id,
            actor.id,
            {"label": label.id},
            {"dropped": label.model_dump(mode="json")},
        )
    )


def _check(name: str, color: str, description: str | None) -> None:
    if not name:
        raise _invalid_field("name", "missing_field")
    if len(name) > MAX_NAME:
        raise _invalid_field("name", "invalid", f"name is too long (maximum is {MAX_NAME} characters)")
    if not re.fullmatch(r"[0-9a-f]{6}", color):
        raise _invalid_field("color", "invalid")
    if description is not None and len(description) > MAX_DESCRIPTION:
        raise _invalid_field(
            "description", "invalid", f"description is too long (maximum is {MAX_DESCRIPTION} characters)"
        )


def _invalid_field(field: str, code: str, message: str | None = None) -> Refused:
    error = {"resource": "Label", "field": field, "code": code}
    return invalid("Validation Failed", {**error, "message": message} if message else error)
