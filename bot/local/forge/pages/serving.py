"""Answering a request for a page: who asks, whether a form is ours, what a refusal looks like."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from bot.local.forge import operations
from bot.local.forge.graphql.ask import refused as in_words
from bot.local.forge.http import Refused, not_found
from bot.local.forge.pages import (
    check_pages,
    diff_pages,
    file_pages,
    issue_forms,
    issue_pages,
    pull_forms,
    pull_pages,
    repository_pages,
    run_pages,
    session,
    sign_in_pages,
)
from bot.local.forge.pages.unimplemented import name_of
from bot.local.forge.pages.visit import Page, Visit, find_pages
from bot.local.forge.state import Missing, State

MODULES = (
    check_pages, diff_pages, file_pages, issue_pages, issue_forms, pull_forms, pull_pages, repository_pages,
    run_pages, sign_in_pages,
)  # fmt: skip
"""Imported for the pages that they register."""

STYLE = Path(__file__).with_name("style.css")
MAX_FORM = 2 * 1024**2
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",  # with no-referrer a browser would hide a form's origin, too
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TITLES = {
    400: "That is no form of ours",
    401: "Sign in first",
    403: "You may not do that",
    404: "There is no such page",
    405: "Not so",
    409: "Something moved meanwhile",
    413: "That is too much",
    421: "Another address, please",
    422: "That cannot be done",
    501: "This forge has no such page",
}


async def serve(state: State, base_url: str, request: Request) -> Response:
    """Answer a request that is for none of the programs' addresses."""
    if request.url.path == "/assets/style.css" and request.method in ("GET", "HEAD"):
        headers = {**HEADERS, "Cache-Control": "no-cache"}
        return Response(STYLE.read_bytes(), media_type="text/css; charset=utf-8", headers=headers)
    if not _is_ours(request, base_url):
        # A name that somebody else's server of names points at this machine would make its scripts ours.
        return _plain(421, f"The pages of this forge are at {base_url}")
    sitting = session.find(state, request)
    visit = Visit(state, base_url, _address(request), dict(request.query_params), {}, sitting)
    try:
        if request.method == "POST":
            visit.form = await _form(request, sitting)
        response = _respond(visit, request.method)
    except Refused as refused:
        state.rollback()
        response = _refusal(visit, refused)
    except Missing:
        state.rollback()
        response = _refusal(visit, not_found())
    except BaseException:
        state.rollback()
        raise
    if request.method == "POST":
        state.commit()
    else:
        state.rollback()  # a look leaves nothing behind, not even what the forge would have noted for itself
    response.headers.update({name: value for name, value in HEADERS.items() if name not in response.headers})
    if visit.session.fresh:
        session.keep(response, request, visit.session)
    return response


def _respond(visit: Visit, method: str) -> Response:
    rows = find_pages(visit.address)
    wanted = "GET" if method == "HEAD" else method
    row = next(((row, params) for row, params in rows if row.method == wanted), None)
    if row is None:
        raise _no_page(rows)
    visit.params = row[1]
    if "owner" in visit.params and "repo" in visit.params:
        owner, name = visit.params["owner"], visit.params["repo"]
        visit.found = operations.visible_repository(visit.state, visit.caller, owner, name)
    return row[0].handler(visit)


def _no_page(rows: list[tuple[Page, dict[str, str]]]) -> Refused:
    if not rows:
        return not_found()
    methods = ", ".join(sorted({row.method for row, _ in rows}))
    return Refused(405, f"This address takes {methods}", headers={"Allow": methods})


def _refusal(visit: Visit, refused: Refused) -> Response:
    name = name_of(visit.address) if refused.status == 404 else None
    if name is not None:
        refused = Refused(501, f"{name} is not implemented by this forge")
    title = TITLES.get(refused.status, "That did not work")
    sentence = in_words(refused).message
    response = visit.show("refusal.html.j2", status=refused.status, title=title, sentence=sentence)
    response.headers.update(refused.headers)
    return response


def _plain(status: int, text: str) -> Response:
    return Response(text + "\n", status, headers=HEADERS, media_type="text/plain; charset=utf-8")


def _address(request: Request) -> str:
    raw = request.scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if isinstance(raw, bytes) else request.url.path


# -- forms ------------------------------------------------------------------------------------------------
async def _form(request: Request, sitting: session.Session) -> dict[str, str]:
    """The form, when it is one of ours. Raises Refused: 403 of another origin or session, 413, 400."""
    if request.headers.get("origin") != f"{request.url.scheme}://{request.headers.get('host')}":
        raise Refused(
            403, "The form was sent from another site, or by a program that does not say from where."
        )
    if (
        request.headers.get("content-type", "").partition(";")[0].strip()
        != "application/x-www-form-urlencoded"
    ):
        raise Refused(400, "A form comes as application/x-www-form-urlencoded.")
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_FORM:
            raise Refused(413, f"A form has at most {MAX_FORM:,} bytes.")
    try:
        form = dict(parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:
        raise Refused(400, "The form could not be read.") from None
    if sitting.fresh or not sitting.is_token(form.pop("token", "")):
        raise Refused(403, "The form is of another session. Open its page again, and send it from there.")
    return form


def _is_ours(request: Request, base_url: str) -> bool:
    """Whether the host that was asked can only be this machine, by whatever server of names."""
    host = (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()
    if host in ("localhost", urlsplit(base_url).hostname) or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
