"""The command line: `beadwright …`. This is where the rooms are wired together.

Every command imports what it needs only when it runs, so that `--help` is quick and a runner needs no server.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

app = typer.Typer(
    name="beadwright",
    help="Turns a repository's issues into an orchestra of LLM workers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Repository = Annotated[str, typer.Option("--repo", metavar="OWNER/NAME", help="The repository.")]
ApiUrl = Annotated[str, typer.Option(help="The API's root.")]


def stop(message: str, status: int = 1) -> NoReturn:
    """End with one clear message and a status."""
    typer.echo(f"beadwright: {message}", err=True)
    raise typer.Exit(status)


@app.command()
def demo(
    graph: Annotated[
        Path | None, typer.Option(help="A bd export to work off in place of the sample.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object at the end, nothing else.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the forge's folder here to look at it later.")
    ] = None,
    minutes: Annotated[
        int | None,
        typer.Option(help="Give up after this many minutes (15; with a model 90).", min=1),
    ] = None,
    engine: Annotated[
        Literal["claude", "codex"] | None,
        typer.Option(help="Let a model work and review in place of scripts. It costs money."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The engine's model.")] = None,
    url: Annotated[str | None, typer.Option(help="A gateway in place of the provider's own API.")] = None,
    login: Annotated[
        Path | None, typer.Option(help="The file of your own login with the CLI, in place of a key.")
    ] = None,
    max_cost: Annotated[float, typer.Option(help="With a model: dollars, all in all.", min=0.01)] = 2.0,
    yes: Annotated[bool, typer.Option("--yes", help="With a model: agree to the cost beforehand.")] = False,
) -> None:
    """Watch beads go from issue to merged pull request, on this machine, with no account."""
    from bot.commands.demo import run

    chosen = None
    if engine is not None:
        from bot.commands.demo_engine import choose_engine

        chosen = choose_engine(engine, model=model, url=url, login=login, env=os.environ, stop=stop)
    elif model or url or login or yes:
        stop("--model, --url, --login and --yes belong to --engine")
    run(
        graph=graph,
        as_json=as_json,
        keep=keep,
        minutes=minutes or (15 if chosen is None else 90),
        engine=chosen,
        max_cost=max_cost,
        yes=yes,
        stop=stop,
    )


@app.command()
def forge(
    folder: Annotated[Path, typer.Argument(help="Where everything is kept; made when absent.")],
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)
    ] = 4480,
) -> None:
    """Serve a GitHub on this machine: REST, GraphQL, git, Actions."""
    from bot.commands.forge import run

    run(folder=folder, port=port, stop=stop)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 4481,
) -> None:
    """Run the coordinator behind `POST /webhooks`; see the README for its settings."""
    from bot.commands.serve import run

    run(port=port, stop=stop)


@app.command()
def coordinate(
    repo: Repository,
    once: Annotated[bool, typer.Option("--once", help="One pass, then end.")] = False,
) -> None:
    """Look at a repository and do what the look calls for, with no server."""
    from bot.commands.serve import run_once

    if not once:
        stop("`coordinate` makes one pass: say `--once`. `beadwright serve` goes on for ever.")
    run_once(repo, stop=stop)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A bd export (JSON Lines).")],
    repo: Repository,
    api_url: ApiUrl = "https://api.github.com",
    pause: Annotated[float, typer.Option(help="Seconds between writes.", min=0, max=60)] = 1.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be lost.")] = False,
) -> None:
    """Create beads from a bd export, with your token in GITHUB_TOKEN; lists what cannot come along."""
    from bot.commands.importing import run

    run(
        file=file,
        repo=repo,
        api_url=api_url,
        token=os.environ.get("GITHUB_TOKEN", ""),
        pause=pause,
        dry_run=dry_run,
        stop=stop,
    )


@app.command()
def export(
    repo: Repository,
    file: Annotated[Path, typer.Argument(help="Where to write; `-` is standard output.")] = Path("-"),
    api_url: ApiUrl = "https://api.github.com",
) -> None:
    """Write all beads for `bd import`, with your token in GITHUB_TOKEN; lists what cannot be said."""
    from bot.commands.exporting import run

    run(file=file, repo=repo, api_url=api_url, token=os.environ.get("GITHUB_TOKEN", ""), stop=stop)


@app.command()
def trace(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="REQ|BEAD|PR|COMMIT",
            help="`path#heading`, or a requirement's name; `12`, or `12.3` (a criterion); a SHA.",
            show_default=False,
        ),
    ],
    repo: Repository,
    api_url: ApiUrl = "https://api.github.com",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Walk from requirement to merge commit and back, with your token in GITHUB_TOKEN; tells what is missing.

    Exit status 1: there is no such thing. 2: what was asked is no question, or GitHub does not answer it.
    """
    from bot.commands.trace import run

    status = run(
        asked=asked,
        repo=repo,
        api_url=api_url,
        token=os.environ.get("GITHUB_TOKEN", ""),
        as_json=as_json,
        stop=partial(stop, status=2),
    )
    raise typer.Exit(status)


@app.command()
def probe(
    repo: Annotated[
        str | None,
        typer.Option("--repo", metavar="OWNER/NAME", help="An empty repository to try on; else a forge is."),
    ] = None,
    api_url: ApiUrl = "https://api.github.com",
    app_id: Annotated[
        int, typer.Option(envvar="BEADWRIGHT_APP_ID", help="A GitHub App installed there.")
    ] = 0,
    key_file: Annotated[
        Path | None, typer.Option(envvar="BEADWRIGHT_PRIVATE_KEY_FILE", help="That App's private key.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="REGEX", help="Those whose `area/id` holds this.")
    ] = None,
    surely: Annotated[
        bool, typer.Option("--yes-this-is-scratch", help="The repository may be written to, although in use.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {id, source, holds, detail}.")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="Print docs/assumptions.md and end.")] = False,
) -> None:
    """Try every assumption about GitHub: on a forge of its own, or with GITHUB_TOKEN on a scratch repository.

    Exit status 1: one does not hold. A second person's token may be in GITHUB_TOKEN_READER.
    """
    from bot.commands.probe import run

    status = run(
        repo=repo,
        api_url=api_url,
        token=os.environ.get("GITHUB_TOKEN", ""),
        reader=os.environ.get("GITHUB_TOKEN_READER", ""),
        app_id=app_id,
        key_file=key_file,
        only=only,
        surely=surely,
        as_json=as_json,
        listing=listing,
        stop=stop,
    )
    raise typer.Exit(status)


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
