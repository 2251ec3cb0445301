"""People's Markdown as HTML in which nothing of theirs is markup but what Markdown says.

Raw HTML is shown as text, but for comments, which are not shown, `<br>`, and folds (`<details>` with a
`<summary>`) at the top level, which are balanced here whatever was written. `#12`, `@login` and addresses are
links as on GitHub. Pictures are links: a page of the forge loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from bot.local.forge.pages.rendering import visible

Env = MutableMapping[str, Any]
COMMENT = r"<!--.*?(?:-->|\Z)"
FOLD = re.compile(
    rf"{COMMENT}|<(?P<end>/)?(?P<tag>details|summary)(?P<open>\s+open)?\s*>", re.DOTALL | re.IGNORECASE
)
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
LINKED = re.compile(
    r"(?P<url>https?://[^\s<>\"'()\[\]]*[^\s<>\"'()\[\].,;:!?*_~`])"
    r"|(?<![\w/#&])#(?P<number>\d{1,9})\b"
    r"|(?<![\w/@.])@(?P<login>[A-Za-z0-9][A-Za-z0-9-]*)"
)
TASKS = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


@dataclass(frozen=True, slots=True)
class Links:
    """What `#12` and `@login` lead to: an address, or None where there is no such thing."""

    issue: Callable[[int], str | None]
    person: Callable[[str], str | None]


def to_html(text: str, links: Links, *, breaks: bool = True) -> Markup:
    """A text as HTML; `breaks`: a line's end ends the line, as in comments (but not in files)."""
    env: Env = {"links": links, "breaks": breaks, "open": []}
    tokens = _MARKDOWN.parse(visible(text.replace("\r\n", "\n")), env)
    _prepare(tokens)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env)
    return Markup(html + "".join(f"</{tag}>" for tag in reversed(env["open"])))


class _Renderer(RendererHTML):
    """What is drawn in another way than CommonMark's own."""

    def text(self, tokens: Sequence[Token], idx: int, _options: Any, env: Env) -> str:
        token = tokens[idx]
        if token.meta.get("linked"):
            return str(escape(token.content))
        done, parts = 0, []
        for match in LINKED.finditer(token.content):
            address = _target(match, env["links"])
            if address is not None:
                parts += [escape(token.content[done : match.start()]), _link(address, match[0])]
                done = match.end()
        return "".join([*parts, escape(token.content[done:])])

    def softbreak(self, _tokens: Sequence[Token], _idx: int, _options: Any, env: Env) -> str:
        return "<br>\n" if env["breaks"] else "\n"

    def fence(self, tokens: Sequence[Token], idx: int, _options: Any, _env: Env) -> str:
        language = tokens[idx].info.split(maxsplit=1)[0] if tokens[idx].info.strip() else ""
        caption = Markup("<figcaption>{}</figcaption>").format(language) if language else ""
        code = Markup('<pre tabindex="0"><code>{}</code></pre>').format(tokens[idx].content)
        return f'<figure class="code">{caption}{code}</figure>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, _options: Any, _env: Env) -> str:
        code = Markup('<pre tabindex="0"><code>{}</code></pre>').format(tokens[idx].content)
        return f'<figure class="code">{code}</figure>\n'

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Env) -> str:
        token = tokens[idx]
        name = self.renderInlineAsText(token.children, options, env) or "no name"
        return (
            _link(str(token.attrGet("src") or ""), f"Picture: {name}")
            if not token.meta.get("linked")
            else str(escape(name))
        )

    def html_inline(self, tokens: Sequence[Token], idx: int, _options: Any, _env: Env) -> str:
        content = tokens[idx].content
        if content.startswith("<!--"):
            return ""
        return "<br>" if BREAK.fullmatch(content) else str(escape(content))

    def html_block(self, tokens: Sequence[Token], idx: int, _options: Any, env: Env) -> str:
        token = tokens[idx]
        if token.level:
            return str(escape(re.sub(COMMENT, "", token.content, flags=re.DOTALL)))
        done, parts = 0, []
        for match in FOLD.finditer(token.content):
            parts.append(str(escape(token.content[done : match.start()])))
            parts.append(_fold(match, env["open"]))
            done = match.end()
        parts.append(str(escape(token.content[done:])))
        if env["open"] and env["open"][-1] == "summary":
            env["open"].pop()
            parts.append("</summary>")
        return "".join(parts)

    def table_open(self, _tokens: Sequence[Token], _idx: int, _options: Any, _env: Env) -> str:
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, _tokens: Sequence[Token], _idx: int, _options: Any, _env: Env) -> str:
        return "</table></div>\n"


_MARKDOWN = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable(
    ["table", "strikethrough"]
)
"""`html` tells raw HTML apart; `_Renderer` draws none of it."""


def _prepare(tokens: Sequence[Token]) -> None:
    for place, token in enumerate(tokens):
        if token.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"  # below the page's own headings
        align = token.attrs.pop("style", None)
        if align is not None:
            token.attrSet("class", str(align).replace("text-align:", "to-"))
        if token.type == "inline" and token.children:
            if place > 1 and tokens[place - 2].type == "list_item_open":
                _draw_task(token.children[0])
            _mark_linked(token.children)


def _draw_task(first: Token) -> None:
    if first.type == "text" and first.content[:4] in TASKS:
        first.content = TASKS[first.content[:4]] + first.content[4:]


def _mark_linked(children: Sequence[Token]) -> None:
    depth = 0
    for child in children:
        if child.type == "link_open":
            depth += 1
            child.attrSet("rel", "nofollow noopener")
        depth -= child.type == "link_close"
        if depth:
            child.meta["linked"] = True


def _target(match: re.Match[str], links: Links) -> str | None:
    if match["url"]:
        return match["url"]
    return links.issue(int(match["number"])) if match["number"] else links.person(match["login"])


def _link(address: str, text: str) -> str:
    return str(Markup('<a href="{}" rel="nofollow noopener">{}</a>').format(address, text))


def _fold(match: re.Match[str], opened: list[str]) -> str:
    """A tag of a fold, where it can stand; otherwise what was written. Comments are not shown."""
    tag = (match["tag"] or "").lower()
    if not tag:
        return ""
    if match["end"]:
        if opened[-1:] != [tag]:
            return str(escape(match[0]))
        opened.pop()
        return f"</{tag}>"
    if "summary" in opened or (tag == "summary" and opened[-1:] != ["details"]):
        return str(escape(match[0]))
    opened.append(tag)
    return f"<{tag} open>" if match["open"] and tag == "details" else f"<{tag}>"
