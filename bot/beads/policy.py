"""The policy: what `.github/beadwright.yml` on the default branch may say; the defaults need no file."""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from bot.beads.authority import Authority
from bot.beads.label_policy import LabelPolicy
from bot.beads.labels import LabelNames
from bot.beads.model import PLANNING, BeadType, Role
from bot.beads.sections import Section

POLICY_PATH = ".github/beadwright.yml"
DOLLAR = 1_000_000

EngineName = Literal["command", "claude", "codex"]
Model = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]{0,99}$")]
LOOPBACK = r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?(?:/[^\s?#]*)?"
URL = rf"^(?:{LOOPBACK}|https://[^\s/?#@]+(?:/[^\s?#]*)?)$"
VARIABLE = r"^(?!GITHUB_|GH_|ACTIONS_)[A-Z][A-Z0-9_]{0,99}$"


class Price(Section):
    """What a model costs, in dollars for a million tokens."""

    input: float = Field(ge=0, le=10_000, description="Input tokens.", examples=[1.25])
    cached: float = Field(
        ge=0, le=10_000, description="Input tokens that are read from a cache.", examples=[0.125]
    )
    output: float = Field(ge=0, le=10_000, description="Output tokens.", examples=[10])


class Engine(Section):
    """Which program does the work, and how it reaches its model.

    `command` is run in the checkout with the prompt on standard input. `claude` and `codex` are the CLIs of
    that name; one place names their credential: `key` or `login`.
    """

    name: EngineName = Field(
        default="command",
        description="`claude` and `codex` are the CLIs of that name; `command` is a program of your own.",
        examples=["claude"],
    )
    command: tuple[str, ...] = Field(
        default=(),
        description="The program and its arguments, for `command` alone; the prompt is its input.",
        examples=[["python3", "tools/agent.py"]],
    )
    model: Model | None = Field(
        default=None,
        description="The model; without it the CLI chooses.",
        examples=["claude-sonnet-5"],
    )
    url: str | None = Field(
        default=None,
        max_length=500,
        description="The provider's API root, `https://` with no query and no credential in it; without it"
        " the provider's own.",
        examples=["https://gateway.example.com/anthropic"],
        json_schema_extra={"pattern": URL},
    )
    key: str | None = Field(
        default=None,
        description="The environment variable of the agent step that holds the credential.",
        examples=["MODEL_KEY"],
        json_schema_extra={"pattern": VARIABLE},
    )
    login: str | None = Field(
        default=None,
        min_length=1,
        max_length=1_000,
        description="The file of a person's own login with the CLI, on a machine of theirs; not with `key`.",
        examples=["~/.codex/auth.json"],
    )
    prices: dict[Model, Price] = Field(
        default_factory=dict,
        max_length=50,
        description="Dollars per million tokens, by model; for `codex`, which does not tell its cost itself.",
        examples=[{"gpt-5.5": {"input": 1.25, "cached": 0.125, "output": 10}}],
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
        if value is None or re.fullmatch(URL, value):
            return value
        raise ValueError("must be https:// with no query and no credential in it (http:// to loopback only)")

    @field_validator("key")
    @classmethod
    def _may_leave(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(VARIABLE, value):
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

    name: str = Field(
        min_length=1, max_length=60, description="What reports call it.", examples=["unit tests"]
    )
    run: str = Field(
        min_length=1, max_length=2_000, description="What the shell is given.", examples=["make test"]
    )


class Budget(Section):
    """Ceilings in dollars."""

    day: float = Field(
        default=20.0, ge=0, le=100_000, description="All runs of one UTC day, those that plan as well."
    )
    run: float = Field(
        default=1.0,
        ge=0,
        le=10_000,
        description="Reserved for a run before it is dispatched; `/bead propose` starts several sessions of the"
        " engine, and reserves it for each.",
    )


class MergePolicy(Section):
    """When the bot merges by itself: `protected` is where the base branch has required checks."""

    by_itself: Literal["protected", "never"] = Field(
        default="protected",
        description="`protected`: where the base branch has required checks, elsewhere a person merges;"
        " `never`: a person always does.",
    )
    method: Literal["merge", "squash", "rebase"] = Field(
        default="merge", description="How GitHub merges.", examples=["squash"]
    )
    min_checks: int = Field(
        default=1, ge=0, le=100, description="How many checks a head needs that passed, at least."
    )
    blocking_labels: tuple[str, ...] = Field(
        default=("do-not-merge",), description="Labels of a pull request that keep it from being merged."
    )
    cool_down: dict[str, int] = Field(
        default_factory=dict,
        description="Seconds to wait after a head's push for a review bot, by its login.",
        examples=[{"review-bot[bot]": 300}],
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
    that have begun go on. While the base branch is red only a bead labelled `bug` and `P0` goes on, which is
    there to mend it."""

    quiet: tuple[Hours, ...] = Field(
        default=(),
        max_length=14,
        description="Hours of the day in which no bead begins, in the time zone.",
        examples=[["22:00-07:00"]],
    )
    time_zone: str = Field(
        default="UTC",
        max_length=60,
        description="An IANA name of the time zone.",
        examples=["Europe/Berlin"],
    )
    beads_per_day: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="How many beads begin on one day; without it as many as the budget lets.",
        examples=[10],
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


class Planning(Section):
    """How work is planned. What a plan proposes is made only when a person approves it."""

    engine: Engine | None = Field(
        default=None,
        description="The program that plans; without it the one that works.",
        examples=[{"name": "claude", "model": "claude-opus-5"}],
    )
    places: int = Field(
        default=1,
        ge=1,
        le=20,
        description="How many runs that plan go on at the same time, beside workers.",
    )
    reconcile_from: int = Field(
        default=4, ge=1, le=8, description="From how many beads on a plan ends in a bead that reconciles it."
    )
    generations: int = Field(
        default=3,
        ge=1,
        le=3,
        description="How many generations of beads an epic may have: its first ones, then what each"
        " reconciliation finds open.",
    )
    doctrine: tuple[str, ...] = Field(
        default=("about/", "README.md"),
        max_length=20,
        description="Where it stands what the project is for: files, and folders with a slash.",
        examples=[["docs/vision.md"]],
    )
    specs: tuple[str, ...] = Field(
        default=("openspec/specs/",),
        max_length=20,
        description="Where specifications are: files, and folders with a slash.",
        examples=[["docs/spec/"]],
    )
    passes: int = Field(
        default=2, ge=1, le=5, description="Independent passes over each stage of a proposal, at least."
    )
    checkin: Literal["never", "weekly", "monthly"] = Field(
        default="never", description="How often the project is checked from doctrine to code."
    )


class Policy(Section):
    """Everything that a repository can choose."""

    workers: int = Field(
        default=3, ge=1, le=100, description="How many runs go on at the same time, beside those that plan."
    )
    attempts: int = Field(default=3, ge=1, le=20, description="Failed attempts before a person is asked.")
    rounds: int = Field(default=2, ge=0, le=10, description="Correction rounds before a person is asked.")
    engine: Engine = Field(default=Engine(), description="The program that works.")
    reviewer: Engine | None = Field(
        default=None,
        description="The program that reviews; without it the one that works.",
        examples=[{"name": "codex", "model": "gpt-5.5"}],
    )
    planning: Planning = Field(default=Planning(), description="How work is planned.")
    gates: tuple[Gate, ...] = Field(
        default=(),
        description="Commands that must pass before work is published; without them what the repository's"
        " files tell.",
        examples=[[{"name": "unit tests", "run": "make test"}]],
    )
    budget: Budget = Field(default=Budget(), description="What work may cost.")
    merge: MergePolicy = Field(default=MergePolicy(), description="When and how the bot merges.")
    authority: Authority = Field(default=Authority(), description="Who may do what.")
    pace: Pace = Field(default=Pace(), description="How fast work goes.")
    labels: LabelPolicy = Field(default=LabelPolicy(), description="What the labels are called.")
    issue_types: dict[str, BeadType] = Field(
        default_factory=dict,
        max_length=50,
        description="The type of a bead without a label for it, by the issue type that its organisation gives"
        " it.",
        examples=[{"Bug": "bug", "Feature": "feature"}],
    )
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
        description="Bots whose words count as a person's with write permission, by login.",
        examples=[["renovate[bot]"]],
    )
    link_hosts: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="Hosts that links in what a model wrote may lead to.",
        examples=[["docs.example.com"]],
    )
    commands_per_hour: int = Field(
        default=30, ge=1, le=1000, description="How many commands of one person are heard in an hour."
    )
    protected: tuple[str, ...] = Field(
        default=(".github/", "CODEOWNERS", ".claude/", ".mcp.json", ".husky/"),
        description="Paths that a bead's work may not touch, at any depth.",
    )
    wall: Literal["namespace", "none"] = Field(
        default="namespace",
        description="What stands between the agent and the runner: `none` accepts, in writing, that the agent"
        " shares the runner's user.",
    )

    @property
    def runs(self) -> int:
        """How many runs go on at the same time, those that plan as well."""
        return self.workers + self.planning.places

    @property
    def spelling(self) -> LabelNames:
        """How the labels are spelled."""
        return self.labels.spelling

    def engine_for(self, role: Role) -> Engine:
        """The engine that runs of this role use."""
        if role == "reviewer":
            return self.reviewer or self.engine
        return (self.planning.engine or self.engine) if role in PLANNING else self.engine

    def sessions_of(self, role: Role) -> int:
        """How many sessions of its engine a run of this role may start, one after the other; each may take the
        time and the money of a run. A proposal takes `planning.passes` looks, a draft, as many reviews, and two
        revisions."""
        return 2 * self.planning.passes + 3 if role == "direction" else 1

    def engine_of(self, role: Role) -> str:
        """The name of the engine that runs of this role use."""
        return self.engine_for(role).name
