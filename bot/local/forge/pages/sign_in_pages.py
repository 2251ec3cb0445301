"""Signing in as one of the forge's people, with no password: a stand-in that says so."""

from __future__ import annotations

from starlette.responses import Response

from bot.local.forge.http import Refused
from bot.local.forge.pages import session
from bot.local.forge.pages.visit import Visit, page
from bot.local.forge.records import Account


@page("/login")
def choose(visit: Visit) -> Response:
    """Who there is."""
    people = [one for one in visit.state.all(Account) if one.type == "User"]
    return visit.show("login.html.j2", people=people, return_to=_own(visit.query.get("return_to", "/")))


@page("/login", "POST")
def sign_in(visit: Visit) -> Response:
    """Be somebody from now on, in a session of its own."""
    account = visit.state.one(Account, login=visit.text("login"))
    if account is None or account.type != "User":
        raise Refused(422, f"There is nobody here who is called {visit.text('login')!r}")
    visit.session = session.begin(visit.state, account.id)
    return visit.go(_own(visit.text("return_to")))


@page("/logout", "POST")
def sign_out(visit: Visit) -> Response:
    """Be nobody again."""
    visit.session = session.begin(visit.state)
    return visit.go(_own(visit.text("return_to")))


def _own(address: str) -> str:
    """An address of this forge: never another site's, whatever was asked for."""
    fine = (
        address.startswith("/")
        and not address.startswith("//")
        and "\\" not in address
        and address.isprintable()
    )
    return address if fine else "/"
