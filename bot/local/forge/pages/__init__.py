"""The forge's pages for people, at the addresses that github.com has them: plain HTML, no scripts.

A page is a function from a `Visit` to a response, registered by `visit.page`. What a form does is an
operation of REST or a mutation of GraphQL (`Visit.perform`, `Visit.mutate`), so that who may do it, what it
leaves behind and what webhooks tell is the same by construction. A GET leaves nothing behind; a POST is taken
only from a form of ours, on the origin that the forge serves, in the session that the form was made for; then
the browser is sent to a page (POST, redirect, GET). Signing in is a stand-in: whoever opens the page may be
anybody.
"""

from __future__ import annotations

from bot.local.forge.pages.serving import serve

__all__ = ["serve"]
