"""How the command line and the console find the sites that are deployed. No CDK here: they import it.

EverydaySite has one output for each site. Its name is `Site`, then the site's name with an X for each dash (a
site's name has no capitals, so no two sites share one): `my-blog` is `SitemyXblog`. Its value is JSON:

    {"settings": {…the fields of SiteSettings that are set…},
     "function": the name of site_publish for this site, "pipeline": the pipeline's name,
     "uploads": the bucket that a zip is pushed to, "upload_key": the zip's key there}

In the `local` stage the pipeline is a parameter of Systems Manager, `PARAMETER` and its name: what would be
the properties of AWS::CodePipeline::Pipeline, as JSON.
"""

import re
from collections.abc import Mapping

import msgspec

from everyday.errors import SettingsError
from everyday.settings import SiteSettings

PARAMETER = "/everyday/local/pipelines/"

_KEY = re.compile(r"Site[a-z0-9X]+")


class SiteOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One site that is deployed."""

    settings: SiteSettings
    function: str
    pipeline: str
    uploads: str
    upload_key: str


def output_name(site: str) -> str:
    """What a site's output is called."""
    return f"Site{site.replace('-', 'X')}"


def sites(outputs: Mapping[str, str]) -> dict[str, SiteOutput]:
    """The sites among a stage's outputs, by name. Raises SettingsError for what another version wrote."""
    try:
        found = [
            msgspec.json.decode(value, type=SiteOutput)
            for name, value in outputs.items()
            if _KEY.fullmatch(name)
        ]
    except msgspec.DecodeError as error:
        raise SettingsError(f"the stack EverydaySite is of another version; deploy again: {error}") from error
    return {each.settings.site: each for each in sorted(found, key=lambda each: each.settings.site)}
