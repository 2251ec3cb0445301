"""The provider breaker: a model's provider that limits us, fails or refuses our key is waited for.

Properties, whatever the number of coordinators (a breaker is part of the claims document, so it is opened,
tried and closed in the same atomic step as the claims that it holds back):

- What a provider refused is no failed attempt of a bead: no failure is counted, a correction's round is given
  back, only what the run cost is booked. The numbers of attempts go on.
- While it is open no run of that engine is dispatched. It opens for the engine that the claim was made for,
  never for a name that only the report knows: a report cannot open one that holds back nothing.
- After `until` exactly one run, the trial, is let through. A model's answer in its report closes the breaker;
  a fault of the provider opens it longer; a trial that failed for another reason, or got lost, proved
  nothing, so the next one goes.
- Runs that were under way when it opened meet the same fault: they may move `until`, and count no trip.
- A provider's own `until` counts, but never for less than our wait nor for more than a week. The waits double
  up to a last one, so a fault that is forged or never ends costs a few short runs a day (`WAITS`: twelve, of
  a bad key one), within the day's ceiling.
- People are told once for the whole repository, in one comment on the bead whose run tripped it, or when that
  is not open any more on the first that waits for it. The breaker is recorded in one pass and told in the
  next: of coordinators that trip it at once one wins the record, so only one bead carries the comment. It is
  edited until it says that all is over.

A person who acted (renewed the key, bought more, knows better) need not wait: `hold` on that bead, or `ready`
off, is the sign that somebody is at it, and taking it back lets the next run try at once, counting anew.
Seen as a state, not as an event: a change and its undoing between two looks are no sign.

Accepted: a policy that names another engine lets go of the old one's breaker, and coming back starts anew.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from bot.beads.policy import Policy
from bot.beads.report import ProviderFault
from bot.coordinator.actions import Say
from bot.coordinator.claims import Breaker, Claim, Claims
from bot.coordinator.decision import Draft
from bot.coordinator.release import Releases, releaser
from bot.coordinator.snapshot import Issue

WAITS = {
    "limit": (timedelta(minutes=2), timedelta(hours=2)),
    "outage": (timedelta(minutes=2), timedelta(hours=2)),
    "key": (timedelta(hours=1), timedelta(days=1)),
}
"""The first wait and the last, by kind; each is twice the one before."""
LONGEST = timedelta(days=7)
"""What a provider may ask for: the longest window of a subscription."""


def trip(draft: Draft, engine: str, bead: int, claim: Claim, fault: ProviderFault, now: datetime) -> None:
    """Open the engine's breaker for a run that its provider stopped, or keep it open longer."""
    known = draft.claims.breakers.get(engine)
    growing = known is None or known.trial == claim.token
    trips = (known.trips if known else 0) + growing
    until = min(max(fault.until or now, now + _wait(fault, trips)), now + LONGEST)
    if known is None:
        opened = Breaker(kind=fault.kind, detail=fault.detail, bead=bead, until=until, trips=trips)
    else:
        shown = fault if growing or fault.kind == "key" else known
        opened = known.model_copy(
            update={
                "kind": shown.kind,
                "detail": shown.detail,
                "until": until if growing else max(until, known.until),
                "trips": trips,
                "bead": bead if known.bead is None else known.bead,
            }
        )
    _put(draft, engine, opened)


def close(draft: Draft, issues: dict[int, Issue], engine: str, claim: Claim) -> None:
    """A run of this claim brought a model's answer: was it the trial, the breaker is over."""
    known = draft.claims.breakers.get(engine)
    if known is not None and known.trial == claim.token:
        _let_go(draft, issues, engine, known)


def attend(
    draft: Draft, issues: dict[int, Issue], held: Collection[int], policy: Policy | None, now: datetime
) -> None:
    """What people did since: a sign on the bead that tells of a breaker, its closing, another policy.

    Args:
        draft: the decision in the making.
        issues: the open beads.
        held: those that a person holds, or took `ready` off.
        policy: the policy; None when it cannot be read, so that nobody knows which engines it names.
    """
    for engine, known in draft.claims.breakers.items():
        if policy is not None and engine not in (policy.engine_of("worker"), policy.engine_of("reviewer")):
            _let_go(draft, issues, engine, known)
        elif known.bead is not None and known.bead not in issues:
            _put(draft, engine, known.model_copy(update={"bead": None, "told": "", "attended": False}))
        elif known.bead in held:
            _put(draft, engine, known.model_copy(update={"attended": True}))
        elif known.attended:
            _put(draft, engine, known.model_copy(update={"attended": False, "until": now, "trips": 0}))


def refusal(draft: Draft, engine: str, bead: int, now: datetime) -> str | None:
    """Why no run of this engine may start now, or None. A breaker that nobody tells of yet is told here."""
    known = draft.claims.breakers.get(engine)
    if known is None:
        return None
    if known.bead is None:
        _put(draft, engine, known.model_copy(update={"bead": bead}))
    if now < known.until:
        draft.looks.append(known.until)
        return f"{_fault(engine, known)}, until {_moment(known.until, now)}"
    if any(claim.token == known.trial for claim in draft.claims.live.values()):
        return f"{_fault(engine, known)}; one run tries it now"
    return None


def on_trial(claims: Claims, engine: str, token: str) -> Claims:
    """With the claim of this token as the trial, where the engine has a breaker."""
    known = claims.breakers.get(engine)
    if known is None:
        return claims
    tried = known.model_copy(update={"trial": token})
    return claims.model_copy(update={"breakers": {**claims.breakers, engine: tried}})


def tell(read: Claims, issues: dict[int, Issue], releases: Releases, now: datetime, draft: Draft) -> None:
    """Say on its bead what is new about each breaker, once the document that was read records that bead."""
    for engine, known in draft.claims.breakers.items():
        if known.bead is None or known.bead not in issues:
            continue
        issue = issues[known.bead]
        text = _text(engine, known, releaser(releases.of(issue.number)))
        if text == known.told:
            continue
        recorded = read.breakers.get(engine)
        if recorded is None or recorded.bead != known.bead:
            draft.looks.append(now)
            continue
        draft.before.append(Say(issue.number, issue.id, _marker(engine), text))
        _put(draft, engine, known.model_copy(update={"told": text}))


def _wait(fault: ProviderFault, trips: int) -> timedelta:
    first, last = WAITS[fault.kind]
    return min(last, first * (1 << min(max(trips - 1, 0), 10)))


def _put(draft: Draft, engine: str, breaker: Breaker) -> None:
    draft.claims = draft.claims.model_copy(update={"breakers": {**draft.claims.breakers, engine: breaker}})


def _let_go(draft: Draft, issues: dict[int, Issue], engine: str, known: Breaker) -> None:
    rest = {name: one for name, one in draft.claims.breakers.items() if name != engine}
    draft.claims = draft.claims.model_copy(update={"breakers": rest})
    if known.told and known.bead in issues:
        issue = issues[known.bead]
        said = f"This is over: runs do not wait for the provider of `{engine}` any more."
        draft.before.append(Say(issue.number, issue.id, _marker(engine), said))


def _fault(engine: str, breaker: Breaker) -> str:
    match breaker.kind:
        case "limit":
            return f"the provider of {engine} limits us"
        case "outage":
            return f"the provider of {engine} does not serve"
        case "key":
            return f"the provider of {engine} refuses our key"


def _text(engine: str, breaker: Breaker, releaser: str | None) -> str:
    # What a provider said passed through a runner: shown as code, it pings nobody and hides nothing.
    said = "".join(one if one.isprintable() and one != "`" else "?" for one in breaker.detail)
    until = f"{breaker.until:%Y-%m-%d %H:%M} UTC"
    fault = _fault(engine, breaker)
    text = (
        f"{fault[0].upper()}{fault[1:]}: `{said}`\n\n"
        f"Until {until} no run that needs it starts in this repository; then one run tries it. "
        "No attempt was charged."
    )
    if breaker.kind != "key":
        return f"{text} Nobody has to do anything."
    who = f"@{releaser}: it " if releaser else "It "
    return (
        f"{text}\n\n{who}needs a person. Give the runs a key or a login that works, in the place that the "
        f"workflow takes the one of `{engine}` from. To have it tried at once, `/bead hold` this bead and "
        "`/bead unhold` it when that is done."
    )


def _moment(moment: datetime, now: datetime) -> str:
    return f"{moment:%H:%M} UTC" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M} UTC"


def _marker(engine: str) -> str:
    return f"provider-{engine}"
