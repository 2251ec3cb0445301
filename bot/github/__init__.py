"""The only room that knows GitHub's REST and GraphQL, its webhooks and an App's authentication."""
