"""`everyday`: the entry point. A new capability is one line in `CAPABILITIES`."""

import sys
from collections.abc import Sequence

import click

from everyday.errors import EverydayError
from everyday_cli.commands import Group
from everyday_cli.output import Output, tell_error, tell_fault

CAPABILITIES = {
    "local": ("everyday_cli.local_commands:local", "Run everything on this machine, without an AWS account."),
    "init": ("everyday_cli.init_command:init", "Write everyday.toml, the settings."),
    "console": ("everyday_cli.console_command:console", "Look at everything in a browser, on this machine."),
    "photos": ("everyday_cli.photos_commands:photos", "Instagram to S3 and to the blog."),
    "jobs": ("everyday_cli.jobs_commands:jobs", "Container jobs on ECS, in priority order."),
    "site": ("everyday_cli.site_commands:site", "Static sites on S3 and CloudFront, with releases."),
    "cloudtop": ("everyday_cli.cloudtop_commands:cloudtop", "A spot machine that comes back with its data."),
}

EXAMPLES = """
everyday local up                     everything on this machine, with a sample account
everyday photos list                  what is archived, and what is on the blog
everyday jobs watch                   what runs and waits on the cluster
everyday site push public             publish a folder, and follow it until visitors have it
everyday photos backup --export instagram.zip --archive ~/instagram
"""


@click.group(
    cls=Group,
    lazy=CAPABILITIES,
    examples=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="everyday", message="%(version)s")
def everyday() -> None:
    """A personal cloud: back up and publish what is yours, on your own AWS account or on this machine."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 failed, 2 used wrongly."""
    output = Output(json="--json" in arguments, debug="--debug" in arguments)
    try:
        status = everyday.main(list(arguments), "everyday", standalone_mode=False, obj=output)
    except click.UsageError as error:
        return _misused(error, output)
    except click.ClickException as error:
        tell_error("Failure", error.format_message(), as_json=output.json)
        return 1
    except (click.Abort, KeyboardInterrupt):
        tell_error("Interrupted", "interrupted; it is safe to run the command again", as_json=output.json)
        return 1
    except EverydayError as error:
        tell_error(type(error).__name__, str(error), as_json=output.json)
        return 1
    except Exception as error:  # noqa: BLE001 - the last place: nothing may end in a bare traceback
        tell_fault(error, output=output)
        return 1
    return status if isinstance(status, int) else 0


def _misused(error: click.UsageError, output: Output) -> int:
    where = f" (see: {error.ctx.command_path} --help)" if error.ctx else ""
    tell_error("Usage", f"{error.format_message()}{where}", as_json=output.json)
    return 2


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
