"""Searching. https://docs.github.com/en/rest/search/search"""

from __future__ import annotations

from typing import Any

from bot.local.forge import render_issue, search
from bot.local.forge.http import Answer, Call, invalid, operation, page
from bot.local.forge.records import Issue


@operation("search/issues-and-pull-requests", "GET", "/search/issues")
def search_issues(call: Call) -> Answer:
    """Issues and pull requests that fit a query; all fit equally well here."""
    call.only("q", "sort", "order", "advanced_search")
    if "q" not in call.query:
        raise invalid("Validation Failed", {"resource": "Search", "field": "q", "code": "missing"})
    descending = call.query.get("order", "desc") != "asc"
    found = search.find(
        call.state, call.caller, call.query["q"], sort=call.query.get("sort"), descending=descending
    )
    answer = page(call, found[:1000], wrap="items")
    body = {
        "total_count": len(found),
        "incomplete_results": False,
        "search_type": "lexical",
        "items": [_item(call, one) for one in answer.body["items"]],
    }
    return Answer(200, body, answer.headers)


def _item(call: Call, issue: Issue) -> dict[str, Any]:
    """An `issue-search-result-item`, which names no parent."""
    shape = render_issue.issue(call.state, call.base_url, issue)
    shape.pop("parent_issue_url", None)
    return {**shape, "score": 1.0}
