"""Limits, pages and what reading again costs."""

from __future__ import annotations

import time

from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Scratch

LIMITS = "rest/using-the-rest-api/rate-limits-for-the-rest-api"
BEST = "rest/using-the-rest-api/best-practices-for-using-the-rest-api"
CLIENT = ("github.client", "github.installation")
OWN = (Need.OWN,)


@assume(
    source=LIMITS + "#checking-the-status-of-your-rate-limit",
    by=CLIENT,
    otherwise="a limit is met without warning",
)
def answers_tell_what_is_left(world: Scratch) -> None:
    """Every answer tells what is left of the hour and when it ends (epoch seconds)."""
    found = world.me.get("").headers
    left, reset = int(found["x-ratelimit-remaining"]), int(found["x-ratelimit-reset"])
    expect(left >= 0 and 0 < reset - time.time() <= 3660, f"{left} left, ends in {reset - time.time():.0f} s")


@assume(
    source=BEST + "#use-conditional-requests-if-appropriate",
    by=("github.client",),
    otherwise="none: nothing of ours relies on it yet but the budget of an idle repository",
)
def unchanged_costs_nothing(world: Scratch) -> None:
    """A read with the ETag of the answer before answers 304 and is not counted."""
    branch = world.branch("tagged")
    first = world.me.get(f"branches/{branch.name}")
    again = world.me.get(f"branches/{branch.name}", headers={"If-None-Match": first.headers["etag"]})
    used = [int(one.headers["x-ratelimit-used"]) for one in (first, again)]
    expect(again.status == 304, f"answered {again}")
    expect(used[1] <= used[0], f"{used[0]} were used before, {used[1]} after")


@assume(
    source=BEST
    + "#use-conditional-requests-if-appropriate (that ETags are bound to the token is reported by others)",
    by=("github.client",),
    otherwise="none: ETags are not kept beyond a token",
    needs=(Need.APP,),
)
def etag_is_bound_to_its_token(world: Scratch) -> None:
    """An ETag that another token was given does not make a 304."""
    branch = world.branch("tagged")
    tag = world.me.get(f"branches/{branch.name}").headers["etag"]
    other = world.app.get(f"branches/{branch.name}", headers={"If-None-Match": tag})
    expect(other.status == 200, f"answered {other}")


@assume(
    source="rest/using-the-rest-api/using-pagination-in-the-rest-api",
    by=("github.installed", "github.importer", "github.runs"),
    otherwise="what is past the first page is overlooked",
)
def pages_go_on(world: Scratch) -> None:
    """A list comes in pages of `per_page`; the one after the last is empty; `Link` names the next."""
    label = world.label("paged")
    numbers = [world.issue(labels=[label]).number for _ in range(3)]
    pages = [
        world.me.get("issues", labels=label, direction="asc", per_page=2, page=page) for page in (1, 2, 3)
    ]
    found = [[one["number"] for one in page.must(200)] for page in pages]
    expect(found == [numbers[:2], numbers[2:], []], f"the pages are {found}")
    links = ['rel="next"' in page.headers.get("link", "") for page in pages]
    expect(links == [True, False, False], f"a next page is named by {links}")


@assume(
    source="rest/using-the-rest-api/using-pagination-in-the-rest-api#changing-the-number-of-items-per-page",
    by=("github.rules", "github.runs"),
    otherwise="none: nothing asks for more than 100",
)
def page_is_cut_at_a_hundred(world: Scratch) -> None:
    """`per_page` above 100 is cut to 100, not refused."""
    answer = world.me.get("labels", per_page=1000)
    expect(answer.status == 200 and len(answer.body) <= 100, f"answered {answer}, {len(answer.body)} items")


@assume(
    source=LIMITS + "#about-secondary-rate-limits",
    by=CLIENT,
    otherwise="a limit is taken for a refusal",
    needs=OWN,
)
def secondary_limit_may_name_no_time(world: Scratch) -> None:
    """A secondary limit can be a 403 that says "rate limit" and has no `retry-after`; nothing was done."""
    title = world.name("limited")
    world.provoke.limit("POST", "/issues", retry_after=None)
    limited = world.me.call("POST", "issues", {"title": title}, raw=True)
    expect(limited.status == 403 and "rate limit" in limited.message.lower(), f"answered {limited}")
    expect("retry-after" not in limited.headers, "it says when to come again")
    found = [one["title"] for one in world.me.get("issues", per_page=100).must()]
    expect(title not in found, "the issue was made")


@assume(
    source=LIMITS + "#exceeding-the-rate-limit",
    by=CLIENT,
    otherwise="what was asked for is asked again too early",
    needs=OWN,
)
def secondary_limit_may_name_a_time(world: Scratch) -> None:
    """A secondary limit with `retry-after` names the seconds to wait."""
    world.provoke.limit("POST", "/issues", retry_after=7)
    limited = world.me.call("POST", "issues", {"title": world.name("limited")}, raw=True)
    expect(limited.headers.get("retry-after") == "7", f"answered {limited}")


@assume(
    source="graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#exceeding-the-rate-limit",
    by=("github.installation",),
    otherwise="an answer without data is taken for an empty repository",
    needs=(Need.OWN, Need.APP),
)
def graphql_tells_its_limit_with_200(world: Scratch) -> None:
    """GraphQL tells that the hour is spent by an error of type RATE_LIMITED, with status 200."""
    spent = world.grant(permissions={"metadata": "read"})
    assert spent.token is not None
    world.provoke.exhaust(spent.token)
    said = spent.ask("{ viewer { login } }", raw=True)
    expect(
        (said.status, [one.get("type") for one in said.errors]) == (200, ["RATE_LIMITED"]),
        f"{said.status}: {said}",
    )


@assume(
    source="rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts",
    by=("github.effects", "github.claims_ref"),
    otherwise="a write whose answer is lost is taken for one that failed",
    needs=OWN,
)
def write_may_have_happened_behind_a_lost_answer(world: Scratch) -> None:
    """A write whose answer is lost may have happened: only reading tells."""
    for after in (True, False):
        title = world.name("lost")
        world.provoke.lose("POST", "/issues", after=after)
        lost = world.me.call("POST", "issues", {"title": title}, raw=True)
        found = title in [one["title"] for one in world.me.get("issues", per_page=100).must()]
        expect(lost.status == 502 and found is after, f"answered {lost}; it is there: {found}")


@assume(
    source="rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts",
    by=("github.claims_ref",),
    otherwise="a coordinator would not know its own claim",
    needs=OWN,
)
def lost_move_of_the_claims_ref_is_found_by_reading(world: Scratch) -> None:
    """A ref that moved although the answer was cut off is found at the new commit by reading it."""
    first = world.commit([], None, "first")
    name, second = world.ref("claims", first), world.commit([first], {}, "second")
    world.provoke.lose("PATCH", f"/git/{name}", after=True, cut=True)
    lost = world.me.call("PATCH", f"git/{name}", {"sha": second, "force": False}, raw=True)
    expect(lost.status == 599 and world.at(name) == second, f"answered {lost}")
