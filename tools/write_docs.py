"""Writes what is generated in the documentation: `python -m tools.write_docs`."""

from stacks.config_text import as_markdown
from stacks.layer_lock import ROOT

_HEAD = """\
# Configuration

The settings are in `everyday.toml`; `everyday init` writes it. A mistake is refused before anything happens,
with the key, what was given and what is allowed.

Each capability has one table and can be switched off with `enabled = false`: its stacks are then no part of
a deploy. What is deployed already stays until you delete its stacks, and `EverydayData` and
`EverydayJobsData` keep what they hold even then. Each site has a table of its own, `[site.NAME]`; a site
whose table is taken away goes with the next deploy, and its bucket stays.

`jobs` is off until you ask for it, because it costs something while nothing runs. Local mode runs it in any
case, and shows two example sites besides yours, as nothing costs anything there.

Secrets are never settings: `everyday photos login` asks for the Instagram token and the Ghost key and puts
them into AWS Secrets Manager, nowhere else.

"""


def main() -> None:
    (ROOT / "docs/configuration.md").write_text(_HEAD + as_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
