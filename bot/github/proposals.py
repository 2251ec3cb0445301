"""What our comments say right now that show a proposal, read when somebody approves one.

Whoever may write to a repository can edit what its Apps say. So a yes counts for what the comment says when
the yes is heard: one request, and one more for each further hundred comments on the issue.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.beads.markers import read_marker, unmark
from bot.coordinator.plan_comment import PLAN
from bot.coordinator.shown import shown_digest
from bot.coordinator.snapshot import ShownText
from bot.github.answers import CommentNode, Connection, Shape
from bot.github.documents import COMMENTS
from bot.github.installation import Installation


class _Subject(Shape):
    comments: Connection[CommentNode] = Connection[CommentNode]()


class _Reply(Shape):
    node: _Subject | None = None


async def read_proposals(installation: Installation, wanted: Mapping[int, str]) -> Mapping[int, CommentNode]:
    """Our first comment that shows a proposal, by issue, where it is there; `wanted` are issues with their
    nodes. Raises GitHubError, Limited."""
    found: dict[int, CommentNode] = {}
    for number, subject in wanted.items():
        before: str | None = None
        while True:
            reply = await installation.query(COMMENTS, _Reply, {"subject": subject, "before": before})
            if reply.node is None:
                break
            page = reply.node.comments
            for comment in reversed(page.nodes):
                if comment.viewer_did_author and read_marker(comment.body, "comment") == PLAN:
                    found[number] = comment
            before = page.page_info.start_cursor
            if not page.page_info.has_previous_page:
                break
    return found


def shown_text(comment: CommentNode) -> ShownText:
    """What it says, our marker aside, and since when."""
    said = shown_digest(unmark(comment.body, "comment"))
    return ShownText(said, comment.last_edited_at or comment.created_at)
