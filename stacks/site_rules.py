"""The owner's table of a site as the publisher reads it."""

import msgspec

from everyday.errors import SettingsError
from everyday.site.model import RevRules, SiteRules
from stacks.site_table import Site

# A function's environment holds 4 KB, a stack's output too, and the rules are in both.
_MOST_BYTES = 2000


def rules_json(name: str, site: Site) -> str:
    """`SiteSettings.rules`. Raises SettingsError when they are longer than a function can be told."""
    text = msgspec.json.encode(rules_of(site)).decode()
    if len(text) > _MOST_BYTES:
        raise SettingsError(
            f"site.{name}: its rules take {len(text)} bytes; allowed: {_MOST_BYTES}. Use fewer patterns "
            "in keep, allow_missing and cache_control."
        )
    return text


def rules_of(site: Site) -> SiteRules:
    """The same as a value."""
    rev = RevRules(
        keep=site.keep,
        rename_html=site.rename_html,
        allow_missing=site.allow_missing,
        origin=f"https://{site.domain}" if site.domain else None,
    )
    return SiteRules(
        rev=rev,
        spa=site.spa,
        pretty=site.pretty_urls,
        cache_control=tuple(site.cache_control.items()),
        keep_releases=site.keep_releases,
        keep_days=site.keep_days,
    )
