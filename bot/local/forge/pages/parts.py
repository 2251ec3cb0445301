"""Small pieces that many pages share, as safe HTML."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from markupsafe import Markup, escape

from bot.local.forge import issues
from bot.local.forge.access import can_see, find_account
from bot.local.forge.pages.markdown import Links, to_html
from bot.local.forge.pages.rendering import offer, visible
from bot.local.forge.pages.visit import Visit
from bot.local.forge.records import Account, CheckRun, Issue, Pull, Reaction, Repository

EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "confused": "😕",
    "heart": "❤️",
    "hooray": "🎉",
    "rocket": "🚀",
    "eyes": "👀",
}
COLOR_OF_CONCLUSION = {
    "success": "green",
    "neutral": "grey",
    "skipped": "grey",
    "cancelled": "grey",
    "stale": "grey",
}
DOT = Markup(
    '<svg class="dot" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="#{}"/></svg>'
)
MARK = Markup(
    '<span class="mark {}" title="{}"><span aria-hidden="true">{}</span><span class="heard">{}</span></span>'
)
MARK_OF_COLOR = {"green": "✓", "red": "✕", "grey": "–", "amber": "●"}  # noqa: RUF001


def person(account: Account) -> Markup:
    """Who, with a link to what is theirs."""
    shown = visible(account.login)
    if account.type == "Bot":
        slug = account.login.removesuffix("[bot]")
        return Markup('<a class="who" href="/apps/{}">{}</a> <span class="tag">bot</span>').format(
            quote(slug), visible(slug)
        )
    return Markup('<a class="who" href="/{}">{}</a>').format(quote(account.login), shown)


def person_of(visit: Visit, account_id: int) -> Markup:
    """`person`, by id."""
    return person(visit.state.get(Account, account_id))


def label_chip(name: str, color: str, address: str | None = None) -> Markup:
    """A label: its colour as a dot, so that it can be read on any ground."""
    inside = DOT.format(color) + escape(visible(name))
    if address is None:
        return Markup('<span class="label">{}</span>').format(inside)
    return Markup('<a class="label" href="{}">{}</a>').format(address, inside)


def labels_of(visit: Visit, issue: Issue) -> Markup:
    """The labels of an issue or pull request, each with a link to the others that have it."""
    kind = "issues" if issue.pull_id is None else "pulls"
    home = visit.state.get(Repository, issue.repo_id)
    owner = visit.state.get(Account, home.owner_id).login
    word = "issue" if kind == "issues" else "pr"
    chips = []
    for label in issues.labels_of(visit.state, issue):
        query = quote(f'is:{word} state:open label:"{label.name}"')
        chips.append(
            label_chip(label.name, label.color, f"/{quote(owner)}/{quote(home.name)}/{kind}?q={query}")
        )
    return Markup(" ").join(chips)


def badge(text: str, color: str) -> Markup:
    """A word on a coloured ground."""
    return Markup('<span class="badge {}">{}</span>').format(color, text)


def state_badge(issue: Issue, pull: Pull | None = None) -> Markup:
    """Open, closed, merged or draft."""
    if pull is not None and pull.merged:
        return badge("Merged", "purple")
    if issue.state == "closed":
        if pull is not None:
            return badge("Closed", "red")
        return (
            badge("Closed as not planned", "grey")
            if issue.state_reason == "not_planned"
            else badge("Closed", "purple")
        )
    return badge("Draft", "grey") if pull is not None and pull.draft else badge("Open", "green")


def state_of(visit: Visit, issue: Issue) -> Markup:
    """`state_badge` of an issue or of the pull request that it is half of."""
    return state_badge(issue, visit.state.get(Pull, issue.pull_id) if issue.pull_id is not None else None)


def verdict_mark(status: str, conclusion: str | None) -> Markup:
    """How a run, a job, a step or a check stands: a coloured sign with the word for those who hear it."""
    if status != "completed":
        color, word = "amber", status.replace("_", " ")
    else:
        word = (conclusion or "unknown").replace("_", " ")
        color = COLOR_OF_CONCLUSION.get(conclusion or "", "red")
    sign = MARK_OF_COLOR[color]
    return MARK.format(color, word, sign, word)


def word_of(status: str, conclusion: str | None) -> str:
    """The same in words."""
    word = conclusion if status == "completed" and conclusion else status
    return word.replace("_", " ")


def check_mark(run: CheckRun) -> Markup:
    """`verdict_mark` of a check run."""
    return verdict_mark(run.status, run.conclusion)


def reference(visit: Visit, issue: Issue) -> Markup:
    """A link to an issue or pull request with its title, unless the viewer may not know of it."""
    home = visit.state.get(Repository, issue.repo_id)
    if not can_see(visit.state, visit.caller, home):
        return Markup("<span>another repository's issue</span>")
    elsewhere = ""
    if visit.found is None or home.id != visit.found.id:
        elsewhere = f"{visit.state.get(Account, home.owner_id).login}/{home.name}"
    return Markup('<a href="{}">{} <span class="quiet">{}#{}</span></a>').format(
        visit.address_of(issue), visible(issue.title), elsewhere, issue.number
    )


def short_commit(visit: Visit, sha: str) -> Markup:
    """A link to a commit."""
    return Markup('<a href="{}/commit/{}"><code>{}</code></a>').format(visit.home, sha, sha[:7])


def reactions_to(visit: Visit, on: str, on_id: int) -> list[tuple[str, int, str]]:
    """Each reaction: the sign, how many, and whose."""
    found: dict[str, list[str]] = {}
    for one in visit.state.find(Reaction, on=on, on_id=on_id):
        found.setdefault(one.content, []).append(visit.state.get(Account, one.user_id).login)
    return [(EMOJI[content], len(who), f"{content}: {', '.join(who)}") for content, who in found.items()]


def markdown(visit: Visit, text: str | None, *, breaks: bool = True) -> Markup:
    """A text of the visit's repository as HTML."""
    return to_html(text or "", links_of(visit), breaks=breaks)


def links_of(visit: Visit) -> Links:
    """What `#12` and `@login` lead to in the visit's repository."""

    def issue(number: int) -> str | None:
        found = visit.state.one(Issue, repo_id=visit.repository.id, number=number) if visit.found else None
        return visit.address_of(found) if found is not None else None

    def login(name: str) -> str | None:
        found = find_account(visit.state, name)
        return f"/{quote(found.login)}" if found is not None else None

    return Links(issue, login)


def pages_of(count: int, given: str | None, size: int = 25) -> tuple[slice, int, int]:
    """Which part of a list a page shows: the part, the page's number and the last one's."""
    last = max(1, -(-count // size))
    number = int(given) if given is not None and given.isascii() and given.isdigit() and len(given) < 9 else 1
    number = min(max(1, number), last)
    return slice((number - 1) * size, number * size), number, last


def people(visit: Visit, ids: Iterable[int]) -> list[Account]:
    """Accounts by id."""
    return [visit.state.get(Account, one) for one in ids]


offer(chip=label_chip, reference=reference, state_of=state_of)
