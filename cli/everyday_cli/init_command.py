"""`everyday init`: writes everyday.toml, asking only what has no good answer of its own."""

from pathlib import Path
from typing import Any

import click

from everyday.errors import SettingsError
from everyday_cli import output
from everyday_cli.commands import Command
from stacks.config import Config, parse, tables
from stacks.config_text import as_toml
from stacks.table import extra

_QUESTIONS = {
    ("everyday", "region"): "AWS region",
    ("everyday", "alarm_email"): "E-mail address for alarms (empty: none)",
    ("photos", "blog_url"): "Address of your Ghost blog",
    ("photos", "status"): "New posts on the blog",
}


@click.command(
    cls=Command,
    examples="""
        everyday init
        everyday init --yes --region eu-central-1 --blog-url https://blog.example.com
    """,
)
@click.option("--region", help="AWS region, such as eu-central-1.")
@click.option("--alarm-email", help="Who is told when something fails.")
@click.option("--blog-url", help="The Ghost blog to post on.")
@click.option("--status", help="What a new post is on the blog: draft or published.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is not given stays at its default.")
@click.option("--force", is_flag=True, help="Overwrite a file that has settings in it.")
@click.option("--dry-run", is_flag=True, help="Print the file, write nothing.")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("everyday.toml"),
    help="Where to write.",
)
def init(path: Path, *, yes: bool, force: bool, dry_run: bool, **given: str | None) -> None:
    """Write everyday.toml, the settings of your cloud. With --json it asks nothing either."""
    out = output.current()
    if not (force or dry_run or _is_untouched(path)):
        raise SettingsError(f"{path} exists and has settings in it; --force overwrites it.")
    config = _config(given, ask=not (yes or out.json))
    text = as_toml(config)
    if not dry_run:
        path.write_text(text, encoding="utf-8")
    told = text if dry_run else f"Wrote {path}. Next: make run, or make deploy."
    report = {"path": str(path), "written": not dry_run, "settings": config.model_dump(mode="json")}
    out.result(report, lambda _: click.echo(told))


def _is_untouched(path: Path) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") == as_toml(Config())


def _config(given: dict[str, str | None], *, ask: bool) -> Config:
    document: dict[str, dict[str, Any]] = {}
    for (table, key), question in _QUESTIONS.items():
        answer = given[key]
        if answer is not None:
            _check(table, key, answer)
        elif ask:
            answer = _ask(table, key, question)
        if answer:
            document.setdefault(table, {})[key] = answer
    return parse(document)


def _ask(table: str, key: str, question: str) -> str:
    field = tables()[table].model_fields[key]
    while True:
        hint = f"{question} ({extra(field, 'allowed')})"
        answer: str = click.prompt(hint, default=field.default or "", err=True)
        try:
            if answer:
                _check(table, key, answer)
        except click.UsageError as error:
            click.echo(error.message, err=True)
        else:
            return answer


def _check(table: str, key: str, answer: str) -> None:
    try:
        parse({table: {key: answer}})
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
