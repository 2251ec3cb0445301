"""The GraphQL that we send. Every document is held against the published schema by a test.

One `observe_document` is a whole look at a repository: ref, document of claims, policy, beads, the branches
`bead/N` with their open pull requests, what runs keep below ``refs/beadwright/`` (the first of them: what is
left behind is deleted, so the rest comes into sight), the pull requests that were over last, labels, other
open pull requests, and the merge queue.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from bot.beads.policy import POLICY_PATH
from bot.coordinator.claims import CLAIMS_REF
from bot.coordinator.job_port import PARTIAL, STAGING

PAGE = 100

_NEWER = """
fragment Newer on Issue {
  issueType { name }
  blockedBy(first: 50) { nodes { number fullDatabaseId state repository { id nameWithOwner } } }
}
"""
"""What `gh` asks github.com for and the published schema lacks; an older GitHub Enterprise Server does not
know it, and is then asked without. An issue has at most 50 dependencies in each direction."""

_OLDER = "fragment Newer on Issue { __typename }\n"

# The text is read before its edits: one that comes in between is seen as an edit, never as text alone.
_ISSUE = """
fragment Bead on Issue {
  ...Newer
  number id fullDatabaseId title body createdAt state viewerDidAuthor
  author { __typename login }
  repository { id }
  labels(first: 100) { nodes { name } }
  parent { number state repository { id } }
  subIssues(first: 100) { nodes { number id state title lastEditedAt repository { id } } }
  userContentEdits(first: 50) {
    pageInfo { hasNextPage }
    nodes { editedAt editor { __typename login } }
  }
  timelineItems(itemTypes: [LABELED_EVENT, RENAMED_TITLE_EVENT, PARENT_ISSUE_ADDED_EVENT], last: 100) {
    pageInfo { hasPreviousPage }
    nodes {
      __typename
      ... on LabeledEvent { createdAt label { name } actor { __typename login } }
      ... on RenamedTitleEvent { createdAt actor { __typename login } }
      ... on ParentIssueAddedEvent {
        createdAt actor { __typename login } parent { number state repository { id } }
      }
    }
  }
}
"""

_CHECKS = """
fragment Checks on Commit {
  oid committedDate
  statusCheckRollup {
    contexts(first: 100) {
      nodes {
        __typename
        ... on CheckRun {
          id databaseId name status conclusion externalId
          checkSuite { id app { databaseId } workflowRun { workflow { resourcePath } } }
        }
        ... on StatusContext { context state }
      }
    }
  }
}
"""

_PULL = """
fragment Pull on PullRequest {
  number id state createdAt updatedAt isDraft isCrossRepository viewerDidAuthor mergeable changedFiles
  headRefName headRefOid baseRefName baseRefOid
  mergeCommit { oid }
  mergedBy { login }
  closing: timelineItems(itemTypes: [CLOSED_EVENT], last: 1) {
    nodes { ... on ClosedEvent { actor { __typename login } } }
  }
  labels(first: 50) { nodes { name } }
}
"""

_OPEN = """
fragment OpenPull on PullRequest {
  ...Pull
  reviewDecision
  reviewThreads(first: 100) {
    pageInfo { hasNextPage endCursor }
    nodes { id path line isResolved }
  }
  latestOpinionatedReviews(first: 50, writersOnly: true) {
    nodes { state viewerDidAuthor author { __typename login } commit { oid } }
  }
  reviews(last: 50) {
    pageInfo { hasPreviousPage }
    nodes { author { __typename login } commit { oid } }
  }
  mergeQueueEntry { position headCommit { oid } enqueuer { __typename login } }
  removals: timelineItems(itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT], last: 5) {
    nodes { ... on RemovedFromMergeQueueEvent { createdAt reason actor { __typename login } } }
  }
}
"""

_SPOKEN = """
fragment Spoken on PullRequestReviewThread {
  id
  comments(first: 100) { nodes { author { __typename login } } }
}
"""

_FOREIGN = """
fragment Vouched on Commit {
  oid
  checkSuites(first: 1, filterBy: {appId: $app, checkName: "beadwright"}) {
    nodes {
      checkRuns(first: 1, filterBy: {checkName: "beadwright", checkType: LATEST}) {
        nodes { id databaseId status conclusion externalId }
      }
    }
  }
}
fragment Head on PullRequest { number headRefName headRefOid isCrossRepository }
"""
"""Where our check is needed and no bead is judged; see `coordinator/vouching.py`."""

_BRANCHES = """
fragment Branches on RefConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    prefix name
    target {
      oid
      ...Checks
      ... on Commit {
        author { email user { login } }
        committer { email user { login } }
        associatedPullRequests(first: 10) { nodes { number state headRefOid } }
      }
    }
    compare(headRef: $base) { aheadBy }
    associatedPullRequests(states: [OPEN], first: 2) { nodes { ...OpenPull } }
  }
}
"""

_STATE = """
fragment Standing on IssueOrPullRequest {
  ... on Issue { number id closed }
  ... on PullRequest { number id closed }
}
"""


def observe_document(
    standings: Iterable[int] = (),
    focus: Iterable[int] = (),
    whole: Iterable[int] = (),
    comments: Sequence[str] = (),
    past: Iterable[int] = (),
    *,
    threads: bool = False,
    older: bool = False,
) -> str:
    """Everything about a repository in one request (`$owner`, `$name`, `$base`: the default branch,
    `$app`: our App's id, `$bead`: what the label of beads is called).

    Args:
        standings: numbers whose state (open, closed, merged) is asked as well.
        focus: beads whose latest pull requests are asked whatever their age.
        whole: beads that are asked as such, closed or not, with what may take their merges back.
        past: beads of epics of which it is asked as well whether they are closed, and what came of them.
        comments: our comments (ids), whose texts are asked as well, as `ours`; no more than a hundred.
        threads: whether it is asked as well who spoke in the review threads `$threads`.
        older: this GitHub knows neither issue types nor dependencies.
    """
    extra = _standing_fields(standings) + _focus_fields(focus) + _whole_fields(whole) + _past_fields(past)
    ours = f"ours: nodes(ids: {json.dumps(list(comments))}) {{ ... on IssueComment {{ body }} }}"
    more = ", $threads: [ID!]!" if threads else ""
    return f"""
query Observe($owner: String!, $name: String!, $base: String!, $bead: String!, $app: Int!{more}) {{
  viewer {{ login }}
  {"threads: nodes(ids: $threads) { ...Spoken }" if threads else ""}
  repository(owner: $owner, name: $name) {{
    id databaseId
    defaultBranchRef {{
      name
      target {{ oid ...Checks ... on Commit {{ history(first: 100) {{ nodes {{ oid }} }} }} }}
    }}
    claims: ref(qualifiedName: "{CLAIMS_REF}") {{ target {{ oid ... on Commit {{ message }} }} }}
    policy: object(expression: "HEAD:{POLICY_PATH}") {{ ... on Blob {{ oid text isTruncated }} }}
    issues(labels: [$bead], states: [OPEN], first: {PAGE}, orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ ...Bead }}
    }}
    branches: refs(refPrefix: "refs/heads/bead/", first: 50) {{ ...Branches }}
    staging: refs(refPrefix: "{STAGING}", first: 50) {{ nodes {{ prefix name target {{ oid }} }} }}
    partial: refs(refPrefix: "{PARTIAL}", first: 100) {{ nodes {{ prefix name target {{ oid }} }} }}
    over: pullRequests(
      labels: [$bead], states: [CLOSED, MERGED], first: 40, orderBy: {{field: UPDATED_AT, direction: DESC}}
    ) {{ nodes {{ ...Pull }} }}
    labels(first: {PAGE}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ id name }} }}
    foreign: pullRequests(states: [OPEN], first: 30, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      nodes {{ ...Head commits(last: 1) {{ nodes {{ commit {{ ...Vouched }} }} }} }}
    }}
    queue: mergeQueue(branch: $base) {{
      entries(first: 30) {{ nodes {{ headCommit {{ ...Vouched }} pullRequest {{ ...Head }} }} }}
    }}
    {extra}
  }}
  {ours if comments else ""}
}}
{_bead(older)}{_CHECKS}{_PULL}{_OPEN}{_BRANCHES}{_FOREIGN}{_STATE if "...Standing" in extra else ""}{
        _SPOKEN if threads else ""
    }"""


def _bead(older: bool) -> str:
    return _ISSUE + (_OLDER if older else _NEWER)


def standings_document(standings: Iterable[int], focus: Iterable[int] = ()) -> str:
    """The state of numbers, and the latest pull requests of beads, that a look turned out to need."""
    extra = _standing_fields(standings) + _focus_fields(focus)
    return f"""
query Standings($owner: String!, $name: String!) {{
  repository(owner: $owner, name: $name) {{ {extra} }}
}}
{_STATE if "...Standing" in extra else ""}{_PULL if "...Pull" in extra else ""}"""


def labels_document(numbers: Mapping[str, int]) -> tuple[str, dict[str, object]]:
    """Who has each of these labels (`l0`, …) and the state of the number that it names (`n0`, …), and the
    document's own variables."""
    fields = "".join(
        f"l{index}: label(name: $l{index}) {{ ...Use }}\n"
        f"n{index}: issueOrPullRequest(number: {number}) {{ ...Standing }}\n"
        for index, number in enumerate(numbers.values())
    )
    names: dict[str, object] = {f"l{index}": name for index, name in enumerate(numbers)}
    declared = "".join(f", ${alias}: String!" for alias in names)
    document = f"""
query Labels($owner: String!, $name: String!{declared}) {{
  repository(owner: $owner, name: $name) {{ {fields} }}
}}
fragment Use on Label {{
  issues(states: [OPEN]) {{ totalCount }}
  pullRequests(states: [OPEN]) {{ totalCount }}
}}
{_STATE}"""
    return document, names


def _standing_fields(numbers: Iterable[int]) -> str:
    return "".join(
        f"n{number}: issueOrPullRequest(number: {number}) {{ ...Standing }}\n"
        for number in sorted(set(numbers))
    )


def _focus_fields(beads: Iterable[int]) -> str:
    newest = "first: 5, orderBy: {field: CREATED_AT, direction: DESC}"
    return "".join(
        f'f{bead}: pullRequests(headRefName: "bead/{bead}", {newest}) {{ nodes {{ ...Pull }} }}\n'
        for bead in sorted(set(beads))
    )


def past_document(beads: Iterable[int]) -> str:
    """What came of beads that turned out to be closed."""
    return f"""
query Past($owner: String!, $name: String!) {{
  repository(owner: $owner, name: $name) {{ {_past_fields(beads)} }}
}}
"""


def _past_fields(beads: Iterable[int]) -> str:
    """Of each its text (`c12`) and the pull request that was merged last (`g12`)."""
    newest = "states: [MERGED], first: 1, orderBy: {field: CREATED_AT, direction: DESC}"
    files = "files(first: 100) { nodes { path changeType } }"
    return "".join(
        f"c{bead}: issue(number: {bead}) {{ number title body closed }}\n"
        f'g{bead}: pullRequests(headRefName: "bead/{bead}", {newest}) '
        f"{{ nodes {{ number title mergeCommit {{ oid }} {files} }} }}\n"
        for bead in sorted(set(beads))
    )


def _whole_fields(beads: Iterable[int]) -> str:
    wanted = sorted(set(beads))
    if not wanted:
        return ""
    newest = "first: 50, orderBy: {field: CREATED_AT, direction: DESC}"
    newest_pulls = f"newest: pullRequests({newest}) {{ nodes {{ number body viewerDidAuthor }} }}\n"
    return newest_pulls + "".join(f"i{bead}: issue(number: {bead}) {{ ...Bead }}\n" for bead in wanted)


DEFAULT_BRANCH = """
query DefaultBranch($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { id databaseId defaultBranchRef { name } }
}
"""


def more_beads_document(*, older: bool = False) -> str:
    """The next page of beads (`$after`); see `observe_document`."""
    return f"""
query MoreBeads($owner: String!, $name: String!, $bead: String!, $after: String!) {{
  repository(owner: $owner, name: $name) {{
    issues(
      labels: [$bead], states: [OPEN], first: {PAGE}, after: $after,
      orderBy: {{field: CREATED_AT, direction: ASC}}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ ...Bead }}
    }}
  }}
}}
{_bead(older)}"""


MORE_BRANCHES = f"""
query MoreBranches($owner: String!, $name: String!, $base: String!, $after: String!) {{
  repository(owner: $owner, name: $name) {{
    branches: refs(refPrefix: "refs/heads/bead/", first: 50, after: $after) {{ ...Branches }}
  }}
}}
{_CHECKS}{_PULL}{_OPEN}{_BRANCHES}"""

MORE_LABELS = f"""
query MoreLabels($owner: String!, $name: String!, $after: String!) {{
  repository(owner: $owner, name: $name) {{
    labels(first: {PAGE}, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ id name }} }}
  }}
}}
"""

MORE_THREADS = f"""
query MoreThreads($pull: ID!, $after: String!) {{
  node(id: $pull) {{
    ... on PullRequest {{
      reviewThreads(first: {PAGE}, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ id path line isResolved }}
      }}
    }}
  }}
}}
"""

_OURS = """
fragment Ours on IssueCommentConnection {
  pageInfo { hasPreviousPage startCursor }
  nodes { id body viewerDidAuthor createdAt lastEditedAt }
}
"""

SPOKEN = f"""
query Spoken($threads: [ID!]!) {{ threads: nodes(ids: $threads) {{ ...Spoken }} }}
{_SPOKEN}"""

COMMENTS = f"""
query Comments($subject: ID!, $before: String) {{
  node(id: $subject) {{
    ... on Issue {{ comments(last: {PAGE}, before: $before) {{ ...Ours }} }}
    ... on PullRequest {{ comments(last: {PAGE}, before: $before) {{ ...Ours }} }}
  }}
}}
{_OURS}"""


def comments_document(subjects: int) -> str:
    """The last comments on so many issues and pull requests: `s0` of the variable `$s0`, and so on."""
    variables = ", ".join(f"$s{index}: ID!" for index in range(subjects))
    fields = "\n  ".join(
        f"s{index}: node(id: $s{index}) {{ "
        f"... on Issue {{ comments(last: {PAGE}) {{ ...Ours }} }} "
        f"... on PullRequest {{ comments(last: {PAGE}) {{ ...Ours }} }} }}"
        for index in range(subjects)
    )
    return f"query Comments({variables}) {{\n  {fields}\n}}\n{_OURS}"


TALK = f"""
query Talk($issues: [ID!]!, $pulls: [ID!]!) {{
  issues: nodes(ids: $issues) {{
    ... on IssueComment {{ ...Said issue {{ id number state labels(first: {PAGE}) {{ nodes {{ name }} }} }} }}
  }}
  pulls: nodes(ids: $pulls) {{
    ... on IssueComment {{ ...Said pullRequest {{ id number state headRefName isCrossRepository }} }}
  }}
}}
fragment Said on IssueComment {{
  id body viewerDidAuthor
  author {{ __typename login }}
  reactionGroups {{ content viewerHasReacted }}
  userContentEdits(first: {PAGE}) {{
    pageInfo {{ hasNextPage }}
    nodes {{ editor {{ __typename login }} }}
  }}
}}
"""

WORDING = """
query Wording($subject: ID!) { node(id: $subject) { ... on Issue { title body } } }
"""

NEWEST_PULLS = """
query NewestPulls($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 50, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { number body viewerDidAuthor }
    }
  }
}
"""

REVERT = """
mutation Revert($input: RevertPullRequestInput!) {
  revertPullRequest(input: $input) { revertPullRequest { number } }
}
"""

ENQUEUE = """
mutation Enqueue($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { clientMutationId }
}
"""

DEQUEUE = """
mutation Dequeue($input: DequeuePullRequestInput!) {
  dequeuePullRequest(input: $input) { clientMutationId }
}
"""

NEWEST_BEADS = """
query NewestBeads($owner: String!, $name: String!, $bead: String!) {
  repository(owner: $owner, name: $name) {
    issues(labels: [$bead], first: 100, orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes { number fullDatabaseId body viewerDidAuthor parent { number } }
    }
  }
}
"""

MUTATIONS = {
    "addLabels": ("AddLabelsToLabelableInput!", "addLabelsToLabelable(input: $%s) { clientMutationId }"),
    "removeLabels": (
        "RemoveLabelsFromLabelableInput!",
        "removeLabelsFromLabelable(input: $%s) { clientMutationId }",
    ),
    "createLabel": ("CreateLabelInput!", "createLabel(input: $%s) { label { id name } }"),
    "comment": (
        "AddCommentInput!",
        "addComment(input: $%s) { commentEdge { node { id } } subject {"
        " ... on Issue { comments(last: 30) { nodes { id body viewerDidAuthor } } }"
        " ... on PullRequest { comments(last: 30) { nodes { id body viewerDidAuthor } } } } }",
    ),
    "editComment": ("UpdateIssueCommentInput!", "updateIssueComment(input: $%s) { clientMutationId }"),
    "deleteComment": ("DeleteIssueCommentInput!", "deleteIssueComment(input: $%s) { clientMutationId }"),
    "close": ("CloseIssueInput!", "closeIssue(input: $%s) { clientMutationId }"),
    "moveRefs": ("UpdateRefsInput!", "updateRefs(input: $%s) { clientMutationId }"),
    "react": ("AddReactionInput!", "addReaction(input: $%s) { clientMutationId }"),
    "reopen": ("ReopenIssueInput!", "reopenIssue(input: $%s) { clientMutationId }"),
    "reopenPull": ("ReopenPullRequestInput!", "reopenPullRequest(input: $%s) { clientMutationId }"),
    "createCheck": ("CreateCheckRunInput!", "createCheckRun(input: $%s) { checkRun { id databaseId } }"),
    "updateCheck": ("UpdateCheckRunInput!", "updateCheckRun(input: $%s) { clientMutationId }"),
    "setBody": ("UpdateIssueInput!", "updateIssue(input: $%s) { clientMutationId }"),
}
"""The cheap writes: a variable's type, and the field that takes it."""
CREATING = frozenset({"comment", "react"})
"""Those that create content, of which GitHub takes fewer than of others; reactions are taken for such."""


def mutation_document(fields: Iterable[tuple[str, str]]) -> str:
    """Several writes in one request, carried out in order: `(alias, kind)`, each with a variable `$alias`."""
    wanted = list(fields)
    variables = ", ".join(f"${alias}: {MUTATIONS[kind][0]}" for alias, kind in wanted)
    lines = "\n  ".join(f"{alias}: {MUTATIONS[kind][1] % alias}" for alias, kind in wanted)
    return f"mutation Apply({variables}) {{\n  {lines}\n}}\n"


UPDATE = """
query Update($owner: String!, $name: String!, $oid: GitObjectID!) {
  viewer { login databaseId }
  repository(owner: $owner, name: $name) {
    object(oid: $oid) {
      ... on Commit { parents(first: 3) { nodes { oid } } author { email } committer { email } }
    }
  }
}
"""

POLICY_HISTORY = f"""
query PolicyHistory($owner: String!, $name: String!) {{
  repository(owner: $owner, name: $name) {{
    defaultBranchRef {{
      target {{
        ... on Commit {{
          history(first: 20, path: "{POLICY_PATH}") {{
            nodes {{
              oid
              file(path: "{POLICY_PATH}") {{ object {{ ... on Blob {{ text isTruncated }} }} }}
            }}
          }}
        }}
      }}
    }}
  }}
}}
"""
"""The versions of the policy's file, the newest first; the file is null in the commit that deleted it."""

CLAIMS = f"""
query Claims($owner: String!, $name: String!) {{
  repository(owner: $owner, name: $name) {{
    databaseId
    defaultBranchRef {{ name }}
    claims: ref(qualifiedName: "{CLAIMS_REF}") {{ target {{ oid ... on Commit {{ message }} }} }}
  }}
}}
"""
