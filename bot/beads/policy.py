"""The policy: what `.github/beadwright.yml` on the default branch may say; the defaults need no file."""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot.beads.authority import Authority
from bot.beads.sections import Section

POLICY_PATH = ".github/beadwright.yml"
DOLLAR = 1_000_000


class PolicyError(ValueError):
    """The file is wrong: one line per fault, each with its place."""


EngineName = Literal["command", "claude", "codex"]
Model = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]{0,99}$")]
LOOPBACK = re.compile(r"^http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?(?:/[^\s?#]*)?$")


class Price(Section):
    """What a model costs, in dollars for a million tokens. `cached` are input tokens read from a cache."""

    input: float = Field(ge=0, le=10_000)
    cached: float = Field(ge=0, le=10_000)
    output: float = Field(ge=0, le=10_000)


class Engine(Section):
    """Which program does the work, and how it reaches its model.

    `command` is run in the checkout with the prompt on standard input. `claude` and `codex` are the CLIs of
    that name; one place names their credential: `key` or `login`.
    """

    name: EngineName = "command"
    command: tuple[str, ...] = ()
    model: Model | None = Field(default=None, description="The model; without it the CLI chooses.")
    url: str | None = Field(
        default=None, max_length=500, description="The provider's API root; without it the provider's own."
    )
    key: str | None = Field(
        default=None, description="The environment variable of the agent step that holds the credential."
    )
    login: str | None = Field(
        default=None,
        min_length=1,
        max_length=1_000,
        description="The file of a person's own login with the CLI, on a machine of theirs.",
    )
    prices: dict[Model, Price] = Field(
        default_factory=dict, max_length=50, description="Dollars per million tokens, by model."
    )
    minutes: int = Field(default=30, ge=1, le=330, description="Wall clock of one run of the engine.")

    @field_validator("command", "model", "url", "key", "login", "prices")
    @classmethod
    def _belongs(cls, value: object, info: ValidationInfo) -> object:
        """What is another engine's is refused where it stands."""
        name = info.data.get("name", "command")
        if value and (info.field_name == "command") != (name == "command"):
            raise ValueError(f"engine {name!r} knows no {info.field_name!r}")
        if value and info.field_name == "prices" and name != "codex":
            raise ValueError(f"engine {name!r} tells its cost itself: only 'codex' is priced by a table")
        return value

    @field_validator("url")
    @classmethod
    def _carries_a_key(cls, value: str | None) -> str | None:
        if value is None or LOOPBACK.match(value) or re.match(r"^https://[^\s/?#@]+(?:/[^\s?#]*)?$", value):
            return value
        raise ValueError("must be https:// with no query and no credential in it (http:// to loopback only)")

    @field_validator("key")
    @classmethod
    def _may_leave(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"^(?!GITHUB_|GH_|ACTIONS_)[A-Z][A-Z0-9_]{0,99}$", value):
            raise ValueError("must be the name of an environment variable, and none of GitHub's own")
        return value

    @field_validator("login")
    @classmethod
    def _only_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("key"):
            raise ValueError("there is a `key` as well: name one of the two")
        return value


class Gate(Section):
    """One quality gate: a shell command in the checkout; exit status 0 is a pass."""

    name: str = Field(min_length=1, max_length=60)
    run: str = Field(min_length=1, max_length=2_000)


class Budget(Section):
    """Ceilings in dollars."""

    day: float = Field(default=20.0, ge=0, le=100_000, description="All runs of one UTC day.")
    run: float = Field(
        default=1.0, ge=0, le=10_000, description="Reserved for a run before it is dispatched."
    )


class MergePolicy(Section):
    """When the bot merges by itself: `protected` is where the base branch has required checks."""

    by_itself: Literal["protected", "never"] = "protected"
    method: Literal["merge", "squash", "rebase"] = "merge"
    min_checks: int = Field(default=1, ge=0, le=100)
    blocking_labels: tuple[str, ...] = ("do-not-merge",)
    cool_down: dict[str, int] = Field(
        default_factory=dict, description="Seconds to wait after a head's push for a review bot's login."
    )


HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
MINUTES_OF_A_DAY = 24 * 60


def _hours(text: str) -> str:
    found = HOURS.fullmatch(text)
    if found is None:
        raise ValueError("must be hours like 22:00-07:00, from 00:00 to 23:59")
    if found[1] + found[2] == found[3] + found[4]:
        raise ValueError("begins when it ends; write what is between, like 22:00-07:00")
    return text


Hours = Annotated[str, AfterValidator(_hours), Field(json_schema_extra={"pattern": f"^{HOURS.pattern}$"})]


class Pace(Section):
    """How fast work goes. In the `quiet` hours, and when the day's beads have begun, no bead begins; those
    that have begun go on."""

    quiet: tuple[Hours, ...] = Field(
        default=(), max_length=14, description="Hours of the day, like 22:00-07:00, in the time zone."
    )
    time_zone: str = Field(default="UTC", max_length=60, description="An IANA name, like Europe/Berlin.")
    beads_per_day: int | None = Field(
        default=None, ge=1, le=10_000, description="Beads that begin on one day of the time zone."
    )
    failures: int = Field(default=3, ge=1, le=100, description="Failed attempts in a row that pause it all.")

    @field_validator("quiet")
    @classmethod
    def _leave_a_minute(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and all(_in_hours(value, minute) for minute in range(MINUTES_OF_A_DAY)):
            raise ValueError("leave no minute of the day in which a bead could begin")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:  # `ZoneInfoNotFoundError` is a KeyError
            raise ValueError(f"{value!r} is no time zone; write an IANA name like Europe/Berlin") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of its hours and days."""
        return ZoneInfo(self.time_zone)

    def is_quiet(self, at: time) -> bool:
        """Whether a clock on the wall that shows this is in the quiet hours. Their end is not."""
        return _in_hours(self.quiet, at.hour * 60 + at.minute)


def _in_hours(hours: tuple[str, ...], minute: int) -> bool:
    return any(
        begin <= minute < end if begin < end else minute >= begin or minute < end
        for begin, end in map(_minutes, hours)
    )


@lru_cache(maxsize=256)
def _minutes(hours: str) -> tuple[int, int]:
    """Begin and end, in minutes after midnight."""
    found = HOURS.fullmatch(hours)
    assert found is not None
    begin_hour, begin_minute, end_hour, end_minute = (int(part) for part in found.groups())
    return begin_hour * 60 + begin_minute, end_hour * 60 + end_minute


class Policy(Section):
    """Everything that a repository can choose."""

    workers: int = Field(default=3, ge=1, le=100)
    attempts: int = Field(default=3, ge=1, le=20, description="Failed attempts before a person is asked.")
    rounds: int = Field(default=2, ge=0, le=10, description="Correction rounds before a person is asked.")
    engine: Engine = Engine()
    reviewer: Engine | None = None
    gates: tuple[Gate, ...] = ()
    budget: Budget = Budget()
    merge: MergePolicy = MergePolicy()
    authority: Authority = Authority()
    pace: Pace = Pace()
    gate: Literal["warn", "enforce"] = Field(
        default="warn",
        description="What a bead meets that lacks outcome, acceptance criteria, scope or verification: `warn`"
        " says once what is missing and lets it run, `enforce` waits for it.",
    )
    follow_ups: Literal["list", "file"] = Field(
        default="list",
        description="What a worker found and did not do: listed for `/bead file`, or filed as beads at once.",
    )
    bots: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="Bots (`name[bot]`) whose words count, with write permission.",
    )
    link_hosts: tuple[str, ...] = Field(
        default=(), max_length=50, description="Hosts that links in what a model wrote may lead to."
    )
    commands_per_hour: int = Field(default=30, ge=1, le=1000, description="How many of one person are heard.")
    protected: tuple[str, ...] = Field(
        default=(".github/", "CODEOWNERS", ".claude/", ".mcp.json", ".husky/"),
        description="Paths that a bead's work may not touch, at any depth.",
    )
    wall: Literal["namespace", "none"] = Field(
        default="namespace",
        description="`none` accepts, in writing, that the agent shares the runner's user.",
    )

    def engine_of(self, role: Literal["worker", "reviewer"]) -> str:
        """The name of the engine that runs of this role use."""
        return (self.engine if role == "worker" else self.reviewer or self.engine).name


def load_policy(text: str | None) -> Policy:
    """The policy in a file's text; None means that there is no file.

    Raises PolicyError naming line and column for YAML that is none, and the key's path for a wrong value.
    """
    if text is None:
        return Policy()
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise PolicyError(f"{POLICY_PATH}: {place}{error.problem or 'this is not YAML'}") from error
    if data is None:
        return Policy()
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        faults = [
            f"{POLICY_PATH}: {'.'.join(str(part) for part in fault['loc']) or 'the file'}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise PolicyError("\n".join(faults)) from error
