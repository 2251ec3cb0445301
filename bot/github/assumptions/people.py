"""Who may do what: the only authority is the permission that GitHub tells."""

from __future__ import annotations

from bot.github.assumptions.registry import Need, assume, expect
from bot.github.assumptions.scratch import Scratch

REST = "rest/collaborators/collaborators#get-repository-permissions-for-a-user"
BY = ("github.permissions",)


@assume(source=REST, by=BY, otherwise="nobody could release beads")
def owner_is_admin(world: Scratch) -> None:
    """`collaborators/{user}/permission` says `admin` or `write` for who administers or writes."""
    found = world.me.get(f"collaborators/{world.login}/permission").must(200)["permission"]
    expect(found in ("admin", "write"), f"it says {found}")


@assume(source=REST, by=BY, otherwise="the coordinator cannot ask who may release", needs=(Need.APP,))
def app_may_ask_for_permissions(world: Scratch) -> None:
    """An installation that may read metadata is told people's permissions."""
    found = world.grant(permissions={"metadata": "read"}).get(f"collaborators/{world.login}/permission")
    expect(found.status == 200, f"answered {found}")


@assume(source=REST, by=BY, otherwise="strangers could release beads", needs=(Need.READER,))
def reader_is_told_from_writers(world: Scratch) -> None:
    """For who may only read it says `read` or `none`, whatever they are called beside that."""
    login = world.reader.get("/user").must()["login"]
    found = world.me.get(f"collaborators/{login}/permission").must(200)["permission"]
    expect(found in ("read", "none"), f"it says {found}")


@assume(source=REST, by=BY, otherwise="a name that nobody has could be trusted")
def nobody_has_no_permission(world: Scratch) -> None:
    """For a name that nobody has it answers 404, or says `none`."""
    answer = world.me.get(f"collaborators/{world.name('nobody')}/permission")
    told = answer.status == 404 or (answer.status == 200 and answer.body["permission"] == "none")
    expect(told, f"answered {answer}")


@assume(source=REST, by=BY, otherwise="a bot's permission could be asked for", needs=(Need.APP,))
def bot_has_no_permission(world: Scratch) -> None:
    """For an App's bot it says `none` or 404, also where its installation may write."""
    answer = world.me.get(f"collaborators/{world.bot}/permission")
    told = answer.status == 404 or (answer.status == 200 and answer.body["permission"] == "none")
    expect(told, f"answered {answer}")


@assume(
    source="rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource",
    by=("github.client",),
    otherwise="a token that is no good looks like an empty repository",
)
def bad_token_is_401(world: Scratch) -> None:
    """A token that is no good is refused with 401, also to read what is public."""
    answer = world.caller("ghp_" + "0" * 36).get("")
    expect(answer.status == 401, f"answered {answer}")
