"""The repositories, one of them, its labels; who owns what, and the Apps."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from bot.local.forge import git
from bot.local.forge.access import can_see, find_account
from bot.local.forge.http import not_found
from bot.local.forge.pages import parts
from bot.local.forge.pages.file_pages import find, readme_of
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import Account, App, Installation, Issue, Label, Repository


@dataclass(frozen=True, slots=True)
class Line:
    """One repository in a list."""

    repository: Repository
    owner: str
    open_issues: int
    open_pulls: int


@page("/")
def list_all(visit: Visit) -> Response:
    """Every repository that the viewer may see."""
    return visit.show("repositories.html.j2", lines=_lines(visit, None), account=None)


@page("/{login}")
def list_owned(visit: Visit) -> Response:
    """Those of one owner."""
    account = find_account(visit.state, visit.params["login"])
    if account is None or account.type == "Bot":
        raise not_found()
    return visit.show("repositories.html.j2", lines=_lines(visit, account), account=account)


@page("/apps/{slug}")
def show_app(visit: Visit) -> Response:
    """An App: what it may do, and where."""
    app = visit.state.one(App, slug=visit.params["slug"])
    if app is None:
        raise not_found()
    installed = {
        one for found in visit.state.find(Installation, app_id=app.id) for one in found.repository_ids
    }
    lines = [one for one in _lines(visit, None) if one.repository.id in installed]
    return visit.show("app.html.j2", app=app, owner=parts.person_of(visit, app.owner_id), lines=lines)


@page("/{owner}/{repo}")
def show_repository(visit: Visit) -> Response:
    """The files at the tip of the default branch, the branches, and the README."""
    repository = git.open_git(visit.state, visit.repository)
    branch = visit.repository.default_branch
    if repository.branch(branch) is None:
        return visit.show("repository.html.j2", found=None, entries=[], readme=None, branches=[], commit=None)
    found = find(visit, branch)
    entries = sorted(repository.tree(found.commit), key=lambda entry: (entry.type != "tree", entry.path))
    readme = readme_of(repository, found.commit)
    shown: tuple[str, Markup] | None = None
    if readme is not None:
        shown = readme[0], parts.markdown(visit, readme[1], breaks=False)
    branches = [name.removeprefix("refs/heads/") for name in repository.refs("refs/heads/")]
    return visit.show(
        "repository.html.j2",
        found=found,
        entries=entries,
        readme=shown,
        branches=branches,
        commit=repository.commit(found.commit),
    )


@page("/{owner}/{repo}/labels")
def list_labels(visit: Visit) -> Response:
    """The labels, and how many open issues and pull requests have each."""
    open_issues = [one for one in visit.state.find(Issue, repo_id=visit.repository.id) if one.state == "open"]
    labels = sorted(visit.state.find(Label, repo_id=visit.repository.id), key=lambda label: label.key)
    counts = {label.id: sum(label.id in one.label_ids for one in open_issues) for label in labels}
    chips = [(label, parts.label_chip(label.name, label.color)) for label in labels]
    return visit.show("labels.html.j2", chips=chips, counts=counts, may_make=visit.may("issues/create-label"))


@page("/{owner}/{repo}/labels", "POST")
def make_label(visit: Visit) -> Response:
    """Make a label."""
    body = {"name": visit.text("name"), "color": visit.text("color").removeprefix("#") or "ededed"}
    if visit.text("description"):
        body["description"] = visit.text("description")
    visit.perform("issues/create-label", body)
    return visit.go(f"{visit.home}/labels")


def _lines(visit: Visit, account: Account | None) -> list[Line]:
    found = []
    for repository in visit.state.all(Repository):
        if (account is None or repository.owner_id == account.id) and can_see(
            visit.state, visit.caller, repository
        ):
            issues = [one for one in visit.state.find(Issue, repo_id=repository.id) if one.state == "open"]
            pulls = sum(one.pull_id is not None for one in issues)
            owner = visit.state.get(Account, repository.owner_id).login
            found.append(Line(repository, owner, len(issues) - pulls, pulls))
    return found
