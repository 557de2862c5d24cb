"""`everyday photos login | token`: the two secrets, and how long the first one lives."""

import sys
from datetime import timedelta
from typing import Any

import click

from everyday.errors import BlogKeyRefused, OwnerActionNeeded, SettingsError
from everyday_cli.commands import Command
from everyday_cli.output import current
from everyday_cli.photos_stores import Target, target_options

_LIFETIME = timedelta(days=60)
_FIRST_STEPS = """\
An Instagram token, in four steps:
  1. Your Instagram account must be professional (Settings > Account type and tools; free, can be undone).
  2. developers.facebook.com > create an app > add the product Instagram > API setup with Instagram login.
  3. Under «Generate access tokens» add your account and generate a token (instagram_business_basic).
  4. Paste it here. It is not shown, and goes to Secrets Manager only."""
_GHOST_STEPS = """\
A Ghost key: in Ghost, Settings > Integrations > Add custom integration, and copy the Admin API key.
It is not shown, and goes to Secrets Manager only."""


@click.command(
    cls=Command,
    examples="""
    everyday photos login
    everyday photos login --ghost
    pass show instagram | everyday photos login --stdin
    """,
)
@click.option("--ghost", is_flag=True, help="Store the Ghost Admin API key, not the Instagram token.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from standard input, for scripts.")
@click.option("--dry-run", is_flag=True, help="Try it, and store nothing.")
@target_options
def login(target: Target, *, ghost: bool, from_stdin: bool, dry_run: bool) -> None:
    """Ask for the Instagram token (or the Ghost key), try it, and store it. It is never shown."""
    output = current()
    if not (from_stdin or output.json) and sys.stdin.isatty():
        output.log(_GHOST_STEPS if ghost else _FIRST_STEPS)
    given = _ask("Ghost Admin API key" if ghost else "Instagram token", from_stdin=from_stdin)
    try:
        about = _store_key(target, given, dry_run) if ghost else _store_token(target, given, dry_run)
    except (OwnerActionNeeded, BlogKeyRefused, SettingsError) as error:
        raise click.ClickException(f"nothing was stored: {error}") from error
    stored = "would be stored" if dry_run else "stored"
    output.result(
        {**about, "stored": not dry_run},
        lambda console: console.print(f"{about['kind']} of [bold]{about['of']}[/] works; {stored}."),
    )


@click.command(
    cls=Command,
    examples="""
    everyday photos token
    everyday photos token --refresh
    """,
)
@click.option("--refresh", is_flag=True, help="Refresh it now, if it is time, as the schedule does.")
@target_options
def token(target: Target, *, refresh: bool) -> int:
    """Tell how long the Instagram token lives. Exits 1 when the owner should act."""
    from everyday_cli import photos_views as views

    keeper = target.token_keeper()
    report = keeper.refresh() if refresh else keeper.look()
    current().result(report, lambda console: views.show_token(console, report))
    return 1 if report.alarm else 0


def _ask(what: str, *, from_stdin: bool) -> str:
    if not (from_stdin or sys.stdin.isatty()):
        raise click.UsageError(f"there is no terminal to ask for the {what}; pipe it in with --stdin")
    text: str = sys.stdin.read() if from_stdin else click.prompt(what, hide_input=True, err=True)
    if not text.strip():
        raise click.UsageError(f"no {what} was given")
    return text.strip()


def _store_token(target: Target, token: str, dry_run: bool) -> dict[str, Any]:
    from everyday import wiring

    settings = target.token_settings
    account = wiring.token_api(settings).whose(token)
    now = wiring.now()
    secret = {
        **account,
        "access_token": token,
        "obtained_at": now.isoformat(),
        # Meta: a token of the App Dashboard lives 60 days from when it is made, which was just now.
        "expires_at": (now + _LIFETIME).isoformat(),
    }
    if not dry_run:
        wiring.secrets(target.stage.session).put(settings.instagram_secret, secret)
    return {"kind": "The Instagram token", "of": account.get("username", "your account")}


def _store_key(target: Target, key: str, dry_run: bool) -> dict[str, Any]:
    from everyday import wiring

    settings = target.post_settings
    site = wiring.blog(settings, target.stage.session, key=key).check()
    if not dry_run:
        wiring.secrets(target.stage.session).put(settings.ghost_secret, {"admin_key": key})
    return {"kind": "The Admin API key", "of": site.title}
