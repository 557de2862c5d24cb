"""Click's command and group with this project's contract: `--json` and `--debug` everywhere, lazy groups."""

import importlib
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

import click

from everyday_cli.output import Output

T = TypeVar("T")


def _contract_options() -> list[click.Parameter]:
    return [
        _flag("json", "One JSON document on stdout, nothing else."),
        _flag("debug", "Show the traceback when the program itself fails."),
    ]


def _flag(name: str, text: str) -> click.Option:
    def set_it(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            setattr(context.ensure_object(Output), name, True)

    return click.Option([f"--{name}"], is_flag=True, expose_value=False, callback=set_it, help=text)


def _with_examples(formatter: click.HelpFormatter, examples: str) -> None:
    if examples:
        with formatter.section("Examples"):
            for line in examples.strip().splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line.strip()}\n")


stage_option = click.option(
    "--stage",
    "stage_name",
    type=click.Choice(["local", "aws"]),
    help="Where to work. Default: local when local mode is up, else aws.",
)
"""Gives a command `stage_name`, None for the default."""


def with_stage(make: Callable[[str | None], object]) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Adds `--stage`; the command gets what `make` makes of it as its keyword argument `target`."""

    def decorated(command: Callable[..., T]) -> Callable[..., T]:
        @stage_option
        @wraps(command)
        def with_target(*args: Any, stage_name: str | None, **options: Any) -> T:
            options["target"] = make(stage_name)
            return command(*args, **options)

        return with_target

    return decorated


class Command(click.Command):
    """A command that takes `--json` and `--debug`; `examples` are shown at the end of its help."""

    def __init__(self, *args: Any, examples: str = "", **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params += _contract_options()
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        _with_examples(formatter, self.examples)


class Group(click.Group):
    """A group whose commands follow the contract.

    `lazy` maps a command's name to (`module:attribute`, one line of help): the module is imported when the
    command is used, so `--help` and every other command start fast. Without a line of help it is not listed.
    """

    command_class = Command
    group_class = type

    def __init__(
        self,
        *args: Any,
        lazy: Mapping[str, tuple[str, str]] | None = None,
        examples: str = "",
        **attributes: Any,
    ) -> None:
        super().__init__(*args, **attributes)
        self.lazy = dict(lazy or {})
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return [*self.commands, *(name for name, (_, text) in self.lazy.items() if text)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy:
            module, _, attribute = self.lazy[cmd_name][0].partition(":")
            found = getattr(importlib.import_module(module), attribute)
            return found if isinstance(found, click.Command) else None
        return super().get_command(ctx, cmd_name)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, command.get_short_help_str(90))
            for name, command in self.commands.items()
            if not command.hidden
        ]
        rows += [(name, text) for name, (_, text) in self.lazy.items() if text]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        _with_examples(formatter, self.examples)
