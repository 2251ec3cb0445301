"""Reading the forge's pages and sending their forms, as a browser without a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from tests.forge.conftest import World

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Form:
    """A form: where it goes, what it sends unasked, and its buttons by what they say."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """What a page shows: its text, forms, links and elements. Tags must be closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self._button: tuple[str, str] | None = None
        self._said = ""
        self._link: str | None = None
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    @property
    def text(self) -> str:
        """All that is said, white space folded."""
        return " ".join(" ".join(self.words).split())

    def form(self, action: str, having: str | None = None) -> Form:
        """The form that goes there (and has this button)."""
        found = [one for one in self.forms if one.action == action and having in (None, *one.buttons)]
        assert len(found) == 1, (
            f"{len(found)} forms to {action} with {having}: {[x.action for x in self.forms]}"
        )
        return found[0]

    def has_form(self, action: str) -> bool:
        """Whether any form goes there."""
        return any(one.action == action for one in self.forms)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif tag in ("input", "textarea", "select") and self.forms and "form" in self._open:
            self.forms[-1].named.add(given.get("name", ""))
            if given.get("type") == "hidden" or (given.get("type") == "radio" and "checked" in given):
                self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button":
            self._button, self._said = (given.get("name", ""), given.get("value", "")), ""
        elif tag == "a":
            self._link, self._said = given.get("href", ""), ""
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()
        said = " ".join(self._said.split())
        if tag == "button" and self._button is not None:
            self.forms[-1].buttons[said] = self._button
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links[said] = self._link
            self._link = None

    def handle_data(self, data: str) -> None:
        self._said += data
        if self._open[-1:] not in (["title"], ["style"]):
            self.words.append(data)


class Visitor:
    """Somebody at the pages; nobody in particular until they sign in."""

    def __init__(self, forge: World, login: str | None = None) -> None:
        self.client = httpx.Client(base_url=forge.base_url, trust_env=False, timeout=30)
        self.origin = forge.base_url
        if login is not None:
            self.sign_in(login)

    def close(self) -> None:
        self.client.close()

    def get(self, address: str, *, status: int = 200) -> Page:
        """The page at an address, redirects followed; it must answer so."""
        answer = self.client.get(address, follow_redirects=True)
        assert answer.status_code == status, f"{address}: {answer.status_code} {answer.text[:500]}"
        return Page(answer.text)

    def post(self, address: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form as it is, from the forge's own origin unless `headers` say otherwise."""
        return self.client.post(address, data=fields, headers={"Origin": self.origin, **headers})

    def send(self, address: str, action: str, press: str | None = None, **fields: str) -> Page:
        """Open a page, fill one of its forms in, send it, and read where that leads."""
        form = self.get(address).form(action, press)
        assert form.method == "post"
        assert set(fields) <= form.named, f"the form has {form.named}"
        pressed = dict([form.buttons[press]]) if press else {}
        pressed.pop("", None)
        answer = self.post(action, {**form.fields, **fields, **pressed})
        assert answer.status_code == 303, f"{action}: {answer.status_code} {Page(answer.text).text}"
        return self.get(answer.headers["location"].partition("#")[0])

    def sign_in(self, login: str) -> None:
        """Choose somebody on the sign-in page."""
        page = self.get("/login")
        form = next(one for one in page.forms if one.fields.get("login") == login)
        answer = self.post("/login", form.fields)
        assert answer.status_code == 303

    def token(self) -> str:
        """What a form of this session has to hold."""
        return self.get("/login").forms[0].fields["token"]


Visiting = Callable[[str | None], Visitor]
