"""GitHub as a job inside a runner sees it: one read, few writes, plain httpx.

Nothing of githubkit is imported: it would cost a job more time than all its requests together. Writes are
never repeated blindly; what a write did is read again by the next run of the job.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping, Sequence
from typing import Self

import httpx
from pydantic import TypeAdapter

from bot.beads.markers import read_marker
from bot.beads.policy import POLICY_PATH
from bot.coordinator.claims import CLAIMS_REF, ClaimsError, read_claims
from bot.coordinator.job_port import (
    BeadPull,
    BeadText,
    EpicFacts,
    FailedCheck,
    JobFacts,
    JobFault,
    LineComment,
    ListedBead,
    OpenThread,
    RefMove,
    RefsMoved,
    Remark,
    ThreadReply,
    partial_ref,
)
from bot.github import runner_shapes as shapes
from bot.github.actors import login_of
from bot.github.epic_reads import PARTS, read_epic
from bot.github.listed_beads import PAGES, UNKNOWN, BeadsAnswer, beads_document

NOWHERE = "0" * 40
RED = frozenset({"FAILURE", "ERROR", "TIMED_OUT", "ACTION_REQUIRED", "STARTUP_FAILURE"})
JSON = TypeAdapter(dict[str, object])

FACTS = f"""
query JobFacts(
  $owner: String!, $name: String!, $bead: Int!, $head: String!, $branch: String!, $partial: String!
) {{
  repository(owner: $owner, name: $name) {{
    id
    defaultBranchRef {{ name }}
    claims: ref(qualifiedName: "{CLAIMS_REF}") {{ target {{ oid ... on Commit {{ message }} }} }}
    policy: object(expression: "HEAD:{POLICY_PATH}") {{ ... on Blob {{ text isTruncated }} }}
    branch: ref(qualifiedName: $branch) {{ target {{ oid }} }}
    partial: ref(qualifiedName: $partial) {{ target {{ oid }} }}
    issue(number: $bead) {{ title body }}
    pullRequests(headRefName: $head, states: [OPEN], first: 5) {{
      nodes {{
        id number headRefOid isCrossRepository
        reviews(last: 20) {{ nodes {{ ...Said }} }}
        reviewThreads(first: 100) {{
          pageInfo {{ hasNextPage }}
          nodes {{
            id path line isResolved
            comments(first: 100) {{ nodes {{ ...Said }} }}
          }}
        }}
        commits(last: 1) {{
          nodes {{
            commit {{
              statusCheckRollup {{
                contexts(first: 100) {{
                  nodes {{
                    __typename
                    ... on CheckRun {{ name conclusion title summary }}
                    ... on StatusContext {{ context state description }}
                  }}
                }}
              }}
            }}
          }}
        }}
      }}
    }}
  }}
}}
fragment Said on Comment {{ body author {{ __typename login }} editor {{ __typename login }} }}
"""

COMMENTS = """
query BeadComments($owner: String!, $name: String!, $bead: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $bead) { comments(last: 100) { nodes { ...Said } } }
  }
}
fragment Said on Comment { body author { __typename login } editor { __typename login } }
"""

MOVE_REFS = "mutation MoveRefs($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"


class RunnerApi:
    """One repository through one token; `JobGitHub` over HTTP. Used as a context, it closes its connections.

    Args:
        client: sends the requests; its base address is the REST API.
        graphql: the address of GraphQL.
        repository: `OWNER/NAME`.
        token: what authorises.
    """

    def __init__(self, client: httpx.Client, graphql: str, repository: str, token: str) -> None:
        self._client = client
        self._graphql = graphql
        self._repository = repository
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "beadwright",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def facts(self, bead: int) -> JobFacts:
        """See `JobGitHub.facts`."""
        owner, name = self._repository.split("/")
        head = f"bead/{bead}"
        variables = {"owner": owner, "name": name, "bead": bead, "head": head}
        refs = {"branch": f"refs/heads/{head}", "partial": partial_ref(bead)}
        answer = self._ask(FACTS, {**variables, **refs})
        found = shapes.FactsAnswer.model_validate(answer.get("data") or {}).repository
        if found is None or found.issue is None or found.defaultBranchRef is None:
            raise JobFault(f"{self._repository} has no issue #{bead} that this token can read")
        if found.claims is None or found.claims.target is None:
            raise JobFault(f"{self._repository} has no {CLAIMS_REF}: nothing is claimed here")
        if found.policy is not None and found.policy.isTruncated:
            raise JobFault(f"{POLICY_PATH} is too long to be read")
        try:
            claims = read_claims(found.claims.target.message)
        except ClaimsError as error:
            raise JobFault(str(error)) from error
        pulls = [pull for pull in found.pullRequests.nodes if not pull.isCrossRepository]
        claim = claims.live.get(bead)
        trusted = frozenset(claim.trusted if claim is not None else ())
        return JobFacts(
            repository_id=found.id,
            default_branch=found.defaultBranchRef.name,
            claims_commit=found.claims.target.oid,
            claims=claims,
            title=found.issue.title,
            body=found.issue.body,
            policy=found.policy.text if found.policy else None,
            branch=found.branch.target.oid if found.branch and found.branch.target else None,
            partial=found.partial.target.oid if found.partial and found.partial.target else None,
            pull=_pull(pulls[0], trusted) if pulls else None,
        )

    def bead_texts(self, numbers: Sequence[int]) -> tuple[BeadText, ...]:
        """See `JobGitHub.bead_texts`."""
        owner, name = self._repository.split("/")
        answer = self._ask(texts_document(numbers), {"owner": owner, "name": name})
        found = PARTS.validate_python(answer.get("data") or {})["repository"]
        texts = [shapes.Issue.model_validate(found[f"b{number}"]) for number in numbers]
        return tuple(
            BeadText(number, one.title, one.body) for number, one in zip(numbers, texts, strict=True)
        )

    def epic(self, bead: int) -> EpicFacts:
        """See `JobGitHub.epic`."""
        return read_epic(self._ask, self._repository, bead)

    def open_beads(self, label: str) -> tuple[ListedBead, ...]:
        """See `JobGitHub.open_beads`."""
        owner, name = self._repository.split("/")
        found: list[ListedBead] = []
        after: str | None = None
        older = False
        for _ in range(PAGES):
            variables = {"owner": owner, "name": name, "label": label, "after": after}
            answer = self._ask(beads_document(older=older), variables, check=False)
            if not older and UNKNOWN in _said(answer.get("errors") or []):
                older = True
                answer = self._ask(beads_document(older=older), variables)
            page = BeadsAnswer.model_validate(answer.get("data") or {})
            if page.repository is None:
                raise JobFault(f"the open beads cannot be read: {_said(answer.get('errors') or [])}")
            found += page.beads()
            after = page.next
            if after is None:
                break
        return tuple(found)

    def comment_text(self, comment: int) -> str:
        """See `JobGitHub.comment_text`.
        https://docs.github.com/en/rest/issues/comments#get-an-issue-comment"""
        answer = self._get(f"issues/comments/{comment}")
        return shapes.Comment.model_validate_json(answer.content).body or ""

    def shown(self, bead: int, marker: str, trusted: Collection[str]) -> str | None:
        """See `JobGitHub.shown`; of the last hundred comments."""
        owner, name = self._repository.split("/")
        answer = self._ask(COMMENTS, {"owner": owner, "name": name, "bead": bead})
        found = shapes.CommentsAnswer.model_validate(answer.get("data") or {}).repository
        nodes = found.issue.comments.nodes if found is not None and found.issue is not None else []
        remarks = [_remark(one, trusted) for one in nodes if read_marker(one.body, "comment") == marker]
        return next((one.body for one in reversed(remarks) if one.authority == "trusted"), None)

    def move_refs(self, repository_id: str, moves: Sequence[RefMove]) -> None:
        """See `JobGitHub.move_refs`; GitHub's `updateRefs` with zeros for "not there"."""
        updates = [
            {
                "name": move.name,
                "beforeOid": move.before or NOWHERE,
                "afterOid": move.after or NOWHERE,
                "force": move.after is None,
            }
            for move in moves
        ]
        answer = self._ask(
            MOVE_REFS, {"input": {"repositoryId": repository_id, "refUpdates": updates}}, check=False
        )
        if answer.get("errors"):
            raise RefsMoved(_said(answer["errors"]))

    def open_pull(self, *, head: str, base: str, title: str, body: str) -> int:
        """See `JobGitHub.open_pull`."""
        answer = self._post("pulls", {"head": head, "base": base, "title": title, "body": body})
        return shapes.Numbered.model_validate_json(answer.content).number

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """See `JobGitHub.add_labels`; GitHub makes a label that does not exist yet."""
        self._post(f"issues/{number}/labels", {"labels": list(labels)})

    def comment(self, number: int, body: str) -> None:
        """See `JobGitHub.comment`."""
        self._post(f"issues/{number}/comments", {"body": body})

    def review(self, pull: int, *, head: str, body: str, comments: Sequence[LineComment]) -> None:
        """See `JobGitHub.review`."""
        lines = [
            {"path": comment.path, "line": comment.line, "side": "RIGHT", "body": comment.body}
            for comment in comments
        ]
        review = {"commit_id": head, "event": "COMMENT", "body": body, "comments": lines}
        self._post(f"pulls/{pull}/reviews", review)

    def answer_threads(self, replies: Sequence[ThreadReply]) -> None:
        """See `JobGitHub.answer_threads`; GraphQL carries mutations out in their order."""
        fields: list[str] = []
        declared: list[str] = []
        values: dict[str, object] = {}
        for index, reply in enumerate(replies):
            if reply.body is not None:
                declared.append(f"$say{index}: AddPullRequestReviewThreadReplyInput!")
                values[f"say{index}"] = {"pullRequestReviewThreadId": reply.thread, "body": reply.body}
                fields.append(
                    f"say{index}: addPullRequestReviewThreadReply(input: $say{index}) {{ clientMutationId }}"
                )
            if reply.resolve:
                declared.append(f"$end{index}: ResolveReviewThreadInput!")
                values[f"end{index}"] = {"threadId": reply.thread}
                fields.append(f"end{index}: resolveReviewThread(input: $end{index}) {{ clientMutationId }}")
        if fields:
            self._ask(f"mutation AnswerThreads({', '.join(declared)}) {{ {' '.join(fields)} }}", values)

    def _ask(
        self, document: str, variables: Mapping[str, object], *, check: bool = True
    ) -> dict[str, object]:
        answer = self._send(self._graphql, {"query": document, "variables": dict(variables)})
        data = JSON.validate_json(answer.content)
        if check and data.get("errors"):
            raise JobFault(f"GitHub refused: {_said(data['errors'])}")
        return data

    def _get(self, path: str) -> httpx.Response:
        return self._send(f"{self._client.base_url}repos/{self._repository}/{path}", None)

    def _post(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        return self._send(f"{self._client.base_url}repos/{self._repository}/{path}", body)

    def _send(self, address: str, body: Mapping[str, object] | None) -> httpx.Response:
        method, json = ("GET", None) if body is None else ("POST", dict(body))
        try:
            answer = self._client.request(method, address, json=json, headers=self._headers)
        except httpx.HTTPError as error:
            raise JobFault(f"GitHub did not answer: {error}") from error
        if not answer.is_success:
            path, said = answer.url.path, f"{answer.status_code} {answer.text[:500]}"
            raise JobFault(f"GitHub refused {method} {path}: {said}")
        return answer


def connect(
    api: str, graphql: str, repository: str, token: str, tls: ssl.SSLContext | None = None
) -> RunnerApi:
    """A connection with a time-out. Proxies are the ones that the runner's environment names.

    `tls` is what another client of this process has read of the machine's certificates, if there is one.
    """
    client = httpx.Client(base_url=f"{api}/", timeout=30, follow_redirects=False, verify=tls or True)
    return RunnerApi(client, graphql, repository, token)


def texts_document(beads: Sequence[int]) -> str:
    """The document that asks what beads say."""
    fields = " ".join(f"b{bead}: issue(number: {bead}) {{ title body }}" for bead in beads)
    return (
        "query BeadTexts($owner: String!, $name: String!) {"
        f" repository(owner: $owner, name: $name) {{ {fields} }} }}"
    )


def _pull(found: shapes.Pull, trusted: Collection[str]) -> BeadPull:
    rollup = found.commits.nodes[0].commit.statusCheckRollup if found.commits.nodes else None
    contexts = rollup.contexts.nodes if rollup else []
    if found.reviewThreads.pageInfo.hasNextPage:
        raise JobFault(f"#{found.number} has more than 100 threads: a person has to look at it")
    return BeadPull(
        id=found.id,
        number=found.number,
        head=found.headRefOid,
        threads=tuple(
            OpenThread(
                id=thread.id,
                path=thread.path,
                line=thread.line,
                remarks=tuple(_remark(one, trusted) for one in thread.comments.nodes),
            )
            for thread in found.reviewThreads.nodes
            if not thread.isResolved
        ),
        failed=tuple(
            FailedCheck(check.name or check.context, check.summary or check.title or check.description or "")
            for check in contexts
            if (check.conclusion or check.state) in RED
        ),
        reviews=tuple(_remark(one, trusted) for one in found.reviews.nodes),
    )


def _remark(found: shapes.Remark, trusted: Collection[str]) -> Remark:
    """A remark is its author's and its last editor's: whoever may write can edit everybody's."""
    by = {login_of(one) for one in (found.author, found.editor or found.author)}
    return Remark(login_of(found.author), "trusted" if by <= set(trusted) else "stranger", found.body)


def _said(errors: object) -> str:
    parsed = TypeAdapter(list[shapes.Fault]).validate_python(errors)
    return "; ".join(fault.message for fault in parsed)[:1_000]
