"""An App's webhook deliveries: what was sent, and sending it again.

https://docs.github.com/en/rest/apps/webhooks
"""

from __future__ import annotations

from bot.local.forge.hooks import REDELIVERY
from bot.local.forge.http import Answer, Call, invalid, not_found, operation
from bot.local.forge.records import Delivery
from bot.local.forge.render import JSON, at
from bot.local.forge.routes.apps import BY_APP
from bot.local.forge.state import Signal

LIST = "/app/hook/deliveries"


@operation("apps/list-webhook-deliveries", "GET", LIST, BY_APP)
def list_deliveries(call: Call) -> Answer:
    """Newest first; `cursor` is where the page before ended."""
    call.only("cursor", "status")
    assert call.caller.app is not None, "the need is BY_APP"
    wanted = call.query.get("status")
    if wanted not in (None, "success", "failure"):
        raise invalid("Validation Failed", {"resource": "Delivery", "field": "status", "code": "invalid"})
    cursor, per_page = call.query.get("cursor"), call.query.get("per_page", "30")
    if not per_page.isdigit() or (cursor is not None and not cursor.isdigit()):
        raise invalid("Validation Failed", {"resource": "Delivery", "field": "cursor", "code": "invalid"})
    size = min(100, max(1, int(per_page)))
    found = [
        one
        for one in reversed(call.state.find(Delivery, app_id=call.caller.app.id))
        if (cursor is None or one.id < int(cursor))
        and (wanted is None or (wanted == "success") == (200 <= one.status_code < 300))
    ]
    chunk = found[:size]
    headers: dict[str, str] = {}
    if len(found) > size:
        status = f"&status={wanted}" if wanted else ""
        url = f"{call.api_url}{LIST}?per_page={size}&cursor={chunk[-1].id}{status}"
        headers["Link"] = f'<{url}>; rel="next"'
    return Answer(200, [_item(one) for one in chunk], headers)


@operation("apps/get-webhook-delivery", "GET", LIST + "/{delivery_id}", BY_APP)
def get_delivery(call: Call) -> Answer:
    """One delivery with what was sent; answers' contents are not kept."""
    found = _delivery(call)
    request = {"headers": found.request_headers, "payload": found.payload}
    response = {"headers": None, "payload": None}
    return Answer(200, {**_item(found), "url": "", "request": request, "response": response})


@operation("apps/redeliver-webhook-delivery", "POST", LIST + "/{delivery_id}/attempts", BY_APP)
def redeliver(call: Call) -> Answer:
    """Send it again, with the same GUID."""
    found = _delivery(call)
    assert call.caller.app is not None, "the need is BY_APP"
    about = {"delivery": found.id}
    call.state.signal(Signal(REDELIVERY, None, found.repository_id or 0, call.caller.app.bot_id, about))
    return Answer(202, {})


def _delivery(call: Call) -> Delivery:
    assert call.caller.app is not None, "the need is BY_APP"
    found = call.state.get(Delivery, call.number("delivery_id"))
    if found.app_id != call.caller.app.id:
        raise not_found()
    return found


def _item(record: Delivery) -> JSON:
    return {
        "id": record.id,
        "guid": record.guid,
        "delivered_at": at(record.delivered_at),
        "redelivery": record.redelivery,
        "duration": record.duration,
        "status": record.status,
        "status_code": record.status_code,
        "event": record.event,
        "action": record.action,
        "installation_id": record.installation_id,
        "repository_id": record.repository_id,
        "throttled_at": None,
    }
