"""The labels of a repository, and of an issue or pull request."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from bot.local.forge import issues, labels, render_issue
from bot.local.forge.http import Answer, Body, Call, invalid, not_found, operation, page, reads, writes
from bot.local.forge.records import Label
from bot.local.forge.render import JSON
from bot.local.forge.routes.issues import LISTS, TRIAGE, LabelName, names

OF_REPO = "/repos/{owner}/{repo}/labels"
ONE_OF_REPO = "/repos/{owner}/{repo}/labels/{name}"
OF_ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}/labels"
READS = reads("issues", "pull_requests")
WRITES = writes("issues", "pull_requests")


class NewLabel(Body):
    """`issues/create-label`."""

    name: str
    color: str = "ededed"
    description: str | None = None


class LabelChange(Body):
    """`issues/update-label`."""

    new_name: str | None = None
    color: str | None = None
    description: str | None = None


class LabelNames(Body):
    """The labels to put on an issue."""

    labels: list[str | LabelName] = Field(default_factory=list)


@operation("issues/list-labels-for-repo", "GET", OF_REPO, READS)
def list_for_repo(call: Call) -> Answer:
    """All labels, by name."""
    call.only()
    found = sorted(call.state.find(Label, repo_id=call.repo.id), key=lambda label: label.key)
    return page(call, _shapes(call, found))


@operation("issues/create-label", "POST", OF_REPO, WRITES)
def create(call: Call) -> Answer:
    """Make a label."""
    asked = call.read(NewLabel)
    made = labels.create_label(call.state, call.me, call.repo, asked.name, asked.color, asked.description)
    shape = render_issue.label(call.state, call.base_url, made)
    return Answer(201, shape, {"Location": shape["url"]})


@operation("issues/get-label", "GET", ONE_OF_REPO, READS)
def get(call: Call) -> Answer:
    """One label."""
    return Answer(200, render_issue.label(call.state, call.base_url, _label(call)))


@operation("issues/update-label", "PATCH", ONE_OF_REPO, WRITES)
def update(call: Call) -> Answer:
    """Rename or repaint a label."""
    asked = call.read(LabelChange)
    changed = labels.edit_label(
        call.state,
        call.me,
        _label(call),
        name=asked.new_name,
        color=asked.color,
        description=asked.description,
    )
    return Answer(200, render_issue.label(call.state, call.base_url, changed))


@operation("issues/delete-label", "DELETE", ONE_OF_REPO, WRITES)
def delete(call: Call) -> Answer:
    """Delete a label everywhere."""
    labels.delete_label(call.state, call.me, _label(call))
    return Answer(204)


@operation("issues/list-labels-on-issue", "GET", OF_ISSUE, LISTS)
def list_on_issue(call: Call) -> Answer:
    """The labels on an issue."""
    call.only()
    return page(call, _shapes(call, issues.labels_of(call.state, call.issue())))


@operation("issues/add-labels", "POST", OF_ISSUE, TRIAGE)
def add(call: Call) -> Answer:
    """Put labels on an issue; one that does not exist is made."""
    issue, asked = call.issue(), _asked(call)
    return Answer(200, _shapes(call, issues.add_labels(call.state, call.me, issue, asked)))


@operation("issues/set-labels", "PUT", OF_ISSUE, TRIAGE)
def put(call: Call) -> Answer:
    """Make these the labels of an issue."""
    issue, asked = call.issue(), _asked(call)
    return Answer(200, _shapes(call, issues.set_labels(call.state, call.me, issue, asked)))


@operation("issues/remove-all-labels", "DELETE", OF_ISSUE, TRIAGE)
def remove_all(call: Call) -> Answer:
    """Take every label off."""
    issue = call.issue()
    issues.take_labels(call.state, call.me, issue, issues.labels_of(call.state, issue))
    return Answer(204)


@operation("issues/remove-label", "DELETE", OF_ISSUE + "/{name}", TRIAGE)
def remove(call: Call) -> Answer:
    """Take one label off; 404 when it is not on the issue."""
    issue = call.issue()
    found = labels.find_label(call.state, call.repo, call.params["name"])
    if found is None or found.id not in issue.label_ids:
        raise not_found()
    return Answer(200, _shapes(call, issues.take_labels(call.state, call.me, issue, [found])))


def _asked(call: Call) -> list[str]:
    """A bare list, or an object with `labels`, as GitHub takes both."""
    if isinstance(call.body, list):
        call.body = {"labels": call.body}
    asked = call.read(LabelNames)
    if "labels" not in asked.model_fields_set:
        raise invalid("Validation Failed", {"resource": "Label", "field": "labels", "code": "missing_field"})
    return names(asked.labels)


def _label(call: Call) -> Label:
    found = labels.find_label(call.state, call.repo, call.params["name"])
    if found is None:
        raise not_found()
    return found


def _shapes(call: Call, found: Iterable[Label]) -> list[JSON]:
    return [render_issue.label(call.state, call.base_url, label) for label in found]
