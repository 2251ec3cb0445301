"""The part of GitHub's expression language that decides about runs and jobs outside of a step.

Steps are evaluated by `act`; what GitHub evaluates before a machine is involved (`run-name`, `concurrency`,
a job's `if`, `name` and `timeout-minutes`) is evaluated here. Known: literals, the contexts given by the
caller, ``== != && || !``, parentheses, and the functions `always`, `cancelled`, `success`, `failure`,
`format`. Everything else is refused by its name, never guessed.
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Value = str | bool | float | int | None | Mapping[str, "Value"] | Sequence["Value"]

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<operator>==|!=|&&|\|\||[!().,]))"
)
OPENING = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS_FUNCTIONS = frozenset({"always", "cancelled", "failure", "success"})


class Unsupported(ValueError):
    """An expression that this evaluator does not know; the message names what it met."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may look at.

    `contexts` are ``github``, ``inputs``, ``vars``, ``needs``; `needs_failed` and `cancelled` answer the
    status functions.
    """

    contexts: Mapping[str, Value] = field(default_factory=dict)
    needs_failed: bool = False
    needs_skipped: bool = False
    cancelled: bool = False


def fill(text: str, scope: Scope) -> str:
    """The text with every ``${{ … }}`` replaced by its value. Raises Unsupported."""
    return OPENING.sub(lambda found: as_text(evaluate(found.group(1), scope)), text)


def evaluate_field(text: object, scope: Scope) -> Value:
    """A field that may be one expression as a whole (then its value keeps its type) or a template."""
    if not isinstance(text, str):
        return text if isinstance(text, bool | int | float) or text is None else str(text)
    whole = OPENING.fullmatch(text.strip())
    return evaluate(whole.group(1), scope) if whole and "${{" not in whole.group(1) else fill(text, scope)


def condition(text: object, scope: Scope) -> bool:
    """Whether a job's `if` holds; without a status function it also wants success. Raises Unsupported."""
    if text is None:
        return not (scope.needs_failed or scope.needs_skipped or scope.cancelled)
    if isinstance(text, bool):
        source = "true" if text else "false"
    else:
        source = str(text).strip()
        whole = OPENING.fullmatch(source)
        source = whole.group(1) if whole else source
    holds = truthy(evaluate(source, scope))
    names = {token for kind, token in _tokens(source) if kind == "name"}
    if not names & STATUS_FUNCTIONS:
        return holds and condition(None, scope)
    return holds


def evaluate(source: str, scope: Scope) -> Value:
    """The value of one expression, without its braces. Raises Unsupported."""
    parser = _Parser(list(_tokens(source)), scope, source.strip())
    value = parser.either()
    if parser.rest():
        raise Unsupported(f"expression not implemented by this runner: {source.strip()}")
    return value


def truthy(value: Value) -> bool:
    """GitHub's truth: false, 0, '' and null are false."""
    return value not in (False, 0, "", None)


def as_text(value: Value) -> str:
    """A value inside a template."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return "Object"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "Array"
    return str(value)


def equal(left: Value, right: Value) -> bool:
    """GitHub's loose equality: text without regard to case, different types as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if isinstance(left, bool) and isinstance(right, bool):
        return left == right
    if left is None and right is None:
        return True
    return _number(left) == _number(right)


def _number(value: Value) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value) if value.strip() else 0.0
        except ValueError:
            return float("nan")
    return float("nan")


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    stripped = source.rstrip()
    while at < len(stripped):
        match = TOKEN.match(stripped, at)
        if match is None:
            raise Unsupported(f"expression not implemented by this runner: {source.strip()}")
        kind = str(match.lastgroup)
        found.append((kind, match.group(kind)))
        at = match.end()
    return found


class _Parser:
    """Recursive descent; both sides of && and || are evaluated, since nothing here has an effect."""

    def __init__(self, tokens: list[tuple[str, str]], scope: Scope, source: str) -> None:
        self._tokens = tokens
        self._scope = scope
        self._source = source

    def rest(self) -> bool:
        return bool(self._tokens)

    def either(self) -> Value:
        value = self._both()
        while self._accept("||"):
            other = self._both()
            value = value if truthy(value) else other
        return value

    def _both(self) -> Value:
        value = self._comparison()
        while self._accept("&&"):
            other = self._comparison()
            value = other if truthy(value) else value
        return value

    def _comparison(self) -> Value:
        value = self._unary()
        while True:
            if self._accept("=="):
                value = equal(value, self._unary())
            elif self._accept("!="):
                value = not equal(value, self._unary())
            else:
                return value

    def _unary(self) -> Value:
        if self._accept("!"):
            return not truthy(self._unary())
        if self._accept("("):
            value = self.either()
            self._expect(")")
            return value
        if not self._tokens:
            raise self._unsupported()
        kind, text = self._tokens.pop(0)
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text, 16) if "0x" in text else float(text) if re.search(r"[.eE]", text) else int(text)
        if kind != "name":
            raise self._unsupported()
        if text in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text]
        if self._accept("("):
            return self._call(text)
        return self._look_up(text)

    def _call(self, name: str) -> Value:
        arguments: list[Value] = []
        if not self._accept(")"):
            arguments.append(self.either())
            while self._accept(","):
                arguments.append(self.either())
            self._expect(")")
        scope = self._scope
        statuses: dict[str, Callable[[], bool]] = {
            "always": lambda: True,
            "cancelled": lambda: scope.cancelled,
            "success": lambda: condition(None, scope),
            "failure": lambda: scope.needs_failed and not scope.cancelled,
        }
        if name in statuses and not arguments:
            return statuses[name]()
        if name == "format" and arguments and isinstance(arguments[0], str):
            return _format(arguments[0], [as_text(value) for value in arguments[1:]])
        raise Unsupported(f"function not implemented by this runner: {name}()")

    def _look_up(self, name: str) -> Value:
        path = [name]
        while self._accept("."):
            if not self._tokens or self._tokens[0][0] != "name":
                raise self._unsupported()
            path.append(self._tokens.pop(0)[1])
        if name == "needs" and (len(path) != 3 or path[2] != "result"):
            raise Unsupported(f"not implemented by this runner: {'.'.join(path)} (only needs.JOB.result)")
        if name not in self._scope.contexts:
            raise Unsupported(f"context not implemented by this runner: {'.'.join(path)}")
        value: Value = self._scope.contexts[name]
        for part in path[1:]:
            if not isinstance(value, Mapping):
                return None
            by_key = {key.casefold(): entry for key, entry in value.items()}
            value = by_key.get(part.casefold())
        return value

    def _accept(self, operator: str) -> bool:
        if self._tokens and self._tokens[0] == ("operator", operator):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, operator: str) -> None:
        if not self._accept(operator):
            raise self._unsupported()

    def _unsupported(self) -> Unsupported:
        return Unsupported(f"expression not implemented by this runner: {self._source}")


def _format(template: str, values: list[str]) -> str:
    def replace(found: re.Match[str]) -> str:
        text = found.group(0)
        if text in ("{{", "}}"):
            return text[0]
        index = int(found.group(1))
        if index >= len(values):
            raise Unsupported(f"format() has no argument {index}: {template}")
        return values[index]

    return re.sub(r"\{\{|\}\}|\{(\d+)\}", replace, template)
