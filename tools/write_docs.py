"""Writes what is generated in the documentation: `python -m tools.write_docs`."""

from stacks.config_text import as_markdown
from stacks.layer_lock import ROOT

_HEAD = """\
# Configuration

The settings are in `everyday.toml`; `everyday init` writes it. A mistake is refused before anything happens,
with the key, what was given and what is allowed.

Each capability has one table, and each site one of its own, `[site.NAME]`. A capability can be switched off
with `enabled = false`, a site by taking its table away: its stacks are then no part of a deploy. What is deployed already stays until you delete its stacks, and `EverydayData`,
`EverydayJobsData` and the sites' buckets keep what they hold even then. `jobs` is off until you ask for it, because it costs
something while nothing runs; local mode runs it in any case, and shows two example sites, as nothing costs
anything there.

Secrets are never settings: `everyday photos login` asks for the Instagram token and the Ghost key and puts
them into AWS Secrets Manager, nowhere else.

"""


def main() -> None:
    (ROOT / "docs/configuration.md").write_text(_HEAD + as_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
