// What somebody does with GitHub's own client for JavaScript: `node octokit_client.mjs SCENARIO`, the world as JSON
// on stdin, what the client was told as JSON on stdout. Nothing is told it but the address.
import { App, Octokit } from "octokit";

const repository = { owner: "octo", repo: "sample" };

function connect(world, who) {
  // Its waits between writes are made for github.com's limits.
  return new Octokit({ auth: world.tokens[who], baseUrl: world.api, throttle: { enabled: false } });
}

// A refusal's status and message. 405 and 409 would be tried again for 14 seconds.
async function refusal(attempt) {
  try {
    await attempt({ request: { retries: 0 } });
  } catch (error) {
    return { status: error.status, message: error.message.split(" - ")[0] };
  }
  throw new Error("it was not refused");
}

const scenarios = {
  async issues(world) {
    const { rest, paginate } = connect(world, "octo");
    await rest.issues.createLabel({ ...repository, name: "bug", color: "ff0000" });
    const first = await rest.issues.create({ ...repository, title: "First", labels: ["bug"], assignees: ["will"] });
    for (const title of ["Second", "Third", "Fourth", "Fifth"]) {
      await rest.issues.create({ ...repository, title });
    }
    const issue = { ...repository, issue_number: first.data.number };
    const pages = [];
    for await (const page of paginate.iterator(rest.issues.listForRepo, { ...repository, per_page: 2 })) {
      pages.push(page.data.map((one) => one.title));
    }
    const comment = await rest.issues.createComment({ ...issue, body: "Look" });
    await rest.issues.addLabels({ ...issue, labels: ["ready"] });
    await rest.issues.removeLabel({ ...issue, name: "bug" });
    await rest.issues.update({ ...issue, state: "closed", state_reason: "not_planned" });
    const found = await rest.search.issuesAndPullRequests({ q: "repo:octo/sample is:issue is:open t in:title Third" });
    return {
      pages,
      number: first.data.number,
      comment: comment.data.id,
      labelled: await paginate(rest.issues.listForRepo, { ...repository, labels: "bug", state: "all" }),
      assigned: (await paginate(rest.issues.listForRepo, { ...repository, assignee: "will", state: "all" })).length,
      comments: (await paginate(rest.issues.listComments, issue)).map((one) => one.body),
      events: (await paginate(rest.issues.listEventsForTimeline, issue)).map((one) => one.event),
      found: found.data.total_count,
    };
  },

  async pulls(world) {
    const octo = connect(world, "octo");
    const will = connect(world, "will");
    const made = await octo.rest.pulls.create({ ...repository, title: "Add new", head: "topic", base: "main" });
    const pull = { ...repository, pull_number: made.data.number };
    const sha = made.data.head.sha;
    const diff = await octo.rest.pulls.get({ ...pull, mediaType: { format: "diff" } });
    await octo.rest.issues.addLabels({ ...repository, issue_number: made.data.number, labels: ["review"] });
    await octo.rest.issues.createComment({ ...repository, issue_number: made.data.number, body: "Please" });
    await octo.rest.pulls.requestReviewers({ ...pull, reviewers: ["will"] });
    await octo.rest.repos.createCommitStatus({ ...repository, sha, state: "success", context: "ci/test" });
    const comments = [{ path: "new.txt", line: 2, side: "RIGHT", body: "Why two?" }];
    await will.rest.pulls.createReview({ ...pull, event: "REQUEST_CHANGES", body: "One thing", comments });
    const { repository: read } = await will.graphql(
      `query ($owner: String!, $repo: String!, $number: Int!) {
        repository(owner: $owner, name: $repo) {
          pullRequest(number: $number) { reviewThreads(first: 9) { nodes { id isResolved } } }
        }
      }`,
      { ...repository, number: made.data.number },
    );
    const [thread] = read.pullRequest.reviewThreads.nodes;
    const answer = await will.graphql(
      "mutation ($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { isResolved } } }",
      { id: thread.id },
    );
    await will.rest.pulls.createReview({ ...pull, event: "APPROVE", commit_id: sha });
    const listed = await octo.paginate(octo.rest.pulls.list, { ...repository, state: "open", base: "main" });
    const reviews = await octo.paginate(octo.rest.pulls.listReviews, pull);
    const merged = await octo.rest.pulls.merge({ ...pull, sha, merge_method: "squash", commit_title: "Add it" });
    return {
      number: made.data.number,
      diff: diff.data,
      resolved: answer.resolveReviewThread.thread.isResolved,
      listed: listed.map((one) => one.number),
      labels: listed[0].labels.map((one) => one.name),
      reviews: reviews.map((one) => one.state),
      files: (await octo.paginate(octo.rest.pulls.listFiles, pull)).map((one) => one.filename),
      merged: merged.data,
      is_merged: (await octo.rest.pulls.checkIfMerged(pull)).status,
    };
  },

  async refusals(world) {
    const { rest, graphql } = connect(world, "octo");
    const rita = connect(world, "rita").rest;
    const made = await rest.pulls.create({ ...repository, title: "Add", head: "topic", base: "main", draft: true });
    const pull = { ...repository, pull_number: made.data.number };
    const nobody = new Octokit({ auth: "ghp_none", baseUrl: world.api }).rest;
    const unresolved = await graphql(
      '{ repository(owner: "octo", name: "none") { id } }',
    ).catch((error) => error);
    return {
      absent: await refusal((options) => rest.issues.get({ ...repository, issue_number: 99, ...options })),
      bad: await refusal((options) => nobody.users.getAuthenticated(options)),
      draft: await refusal((options) => rest.pulls.merge({ ...pull, ...options })),
      moved: await refusal((options) => rest.pulls.merge({ ...pull, sha: "0".repeat(40), ...options })),
      read_only: await refusal((options) => rita.pulls.merge({ ...pull, ...options })),
      twice: await refusal((options) =>
        rest.pulls.create({ ...repository, title: "Again", head: "topic", base: "main", ...options }),
      ),
      graphql: { type: unresolved.errors[0].type, data: unresolved.data },
    };
  },

  async conditional(world) {
    const { rest } = connect(world, "octo");
    const first = await rest.issues.listForRepo(repository);
    const headers = { "if-none-match": first.headers.etag };
    const again = await refusal((options) => rest.issues.listForRepo({ ...repository, headers, ...options }));
    const before = (await rest.rateLimit.get()).data.rate.used;
    await refusal((options) => rest.issues.listForRepo({ ...repository, headers, ...options }));
    const after = (await rest.rateLimit.get()).data.rate.used;
    await rest.issues.create({ ...repository, title: "New" });
    const changed = await rest.issues.listForRepo({ ...repository, headers });
    return {
      again: again.status,
      spent: after - before,
      changed: changed.status,
      scopes: first.headers["x-oauth-scopes"],
      request_id: typeof first.headers["x-github-request-id"],
    };
  },

  async pages(world) {
    const { paginate, rest, graphql } = connect(world, "octo");
    for (let number = 1; number <= 5; number += 1) {
      await rest.issues.create({ ...repository, title: `Number ${number}` });
    }
    const everything = await graphql.paginate(
      `query ($cursor: String) {
        repository(owner: "octo", name: "sample") {
          issues(first: 2, after: $cursor) { nodes { number } pageInfo { hasNextPage endCursor } }
        }
      }`,
    );
    const last = await rest.issues.listForRepo({ ...repository, per_page: 2, page: 3 });
    return {
      graphql: everything.repository.issues.nodes.map((one) => one.number),
      rest: (await paginate(rest.issues.listForRepo, { ...repository, per_page: 1, direction: "asc" })).map(
        (one) => one.number,
      ),
      link: last.headers.link,
    };
  },

  async app(world) {
    const app = new App({
      appId: world.app.id,
      privateKey: world.app.key,
      webhooks: { secret: world.app.secret },
      Octokit: Octokit.defaults({ baseUrl: world.api, throttle: { enabled: false } }),
    });
    const seen = [];
    await app.eachRepository(({ repository: one }) => seen.push(one.full_name));
    const { data: found } = await app.octokit.rest.apps.getRepoInstallation(repository);
    const installed = await app.getInstallationOctokit(found.id);
    const issue = await installed.rest.issues.create({ ...repository, title: "By the App" });
    return {
      slug: (await app.octokit.rest.apps.getAuthenticated()).data.slug,
      seen,
      author: issue.data.user.login,
      refused: await refusal((options) => installed.rest.users.getAuthenticated(options)),
    };
  },

  async webhook(world) {
    const app = new App({ appId: world.app.id, privateKey: world.app.key, webhooks: { secret: world.app.secret } });
    const heard = [];
    app.webhooks.on("issues.opened", ({ payload }) => heard.push(payload.issue.title));
    await app.webhooks.verifyAndReceive(world.delivery);
    const forged = { ...world.delivery, payload: world.delivery.payload.replace("First", "Other") };
    const refused = await app.webhooks.verifyAndReceive(forged).catch((error) => error.message);
    return { heard, refused };
  },
};

let given = "";
for await (const chunk of process.stdin) {
  given += chunk;
}
process.stdout.write(JSON.stringify(await scenarios[process.argv[2]](JSON.parse(given))));
