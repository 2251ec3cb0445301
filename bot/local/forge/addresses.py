"""Under which names a forge is reached, and what the links in its answers begin with.

By its own address it is a server of one host: REST at ``/api/v3``, as on GitHub Enterprise Server. By a name
it is what github.com is: pages and git at ``http://NAME``, REST at ``http://api.NAME``. That is how `gh`
speaks to ``github.localhost`` (its `ghinstance` package), in plain HTTP and so through a proxy: the forge
itself, which therefore takes requests as a proxy gets them.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope


def origin_form(scope: Scope) -> Scope:
    """The request as one to this server, when its target is a whole URL.

    Every server has to take such a target, and its host in place of the `Host` header's (RFC 9112, 3.2.2).
    """
    path = scope.get("path", "/")
    if path.startswith("/") or "://" not in path:
        return scope
    target = urlsplit(path)
    raw = urlsplit(scope["raw_path"])
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {
        **scope,
        "path": target.path or "/",
        "raw_path": raw.path or b"/",
        "headers": [(b"host", target.netloc.encode("latin-1")), *headers],
    }


def base_url_of(host: str, own: str) -> str:
    """What links to pages begin with for who asked `host` (a `Host` header); `own` is the forge's address."""
    return f"http://{host.removeprefix('api.')}" if host.startswith("api.") else own


def api_url(base_url: str) -> str:
    """The root of REST: below a numeric address ``/api/v3``, of a name the host ``api.NAME``."""
    parts = urlsplit(base_url)
    try:
        ip_address(parts.hostname or "")
    except ValueError:
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{base_url}/api/v3"
