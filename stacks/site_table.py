"""One site's table of `everyday.toml`, `[site.NAME]`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict, StringConstraints, ValidationInfo, field_validator

from stacks.table import Table, setting

MOST_SITES = 12
"""A stack has room for 500 resources; a site needs 19, and 40 with a build, five names and a policy."""

SITE_NAMES = (
    f"up to {MOST_SITES} tables [site.NAME]; a NAME has 1 to 32 of a-z, 0-9 and -, no - at its ends; no host "
    "name twice"
)

_HOST = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
# Texts that CloudFormation, an environment variable and TOML carry as they are.
_PRINTABLE = r"[ -~]"

SiteName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
Host = Annotated[str, StringConstraints(pattern=rf"^{_HOST}$", max_length=253)]
ZoneId = Annotated[str, StringConstraints(pattern=r"^Z[A-Z0-9]{5,31}$")]
Pattern = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,98}[!-~])?$")]
Header = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9=, -]{0,98}$")]
Policy = Annotated[str, StringConstraints(pattern=rf"^{_PRINTABLE}{{1,2000}}$")]
Command = Annotated[str, StringConstraints(pattern=rf"^{_PRINTABLE}{{1,1000}}$")]
Folder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")]
Image = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./:@-]{3,200}$")]
Hosts = Annotated[tuple[Host, ...], Strict(False), Field(max_length=4)]
Patterns = Annotated[tuple[Pattern, ...], Strict(False), Field(max_length=50)]
CacheControl = Annotated[dict[Pattern, Header], Field(max_length=20)]
PriceClass = Literal["100", "200", "all"]

_PATTERNS = "a list of up to 50 patterns such as img/** or *.pdf"


class Site(Table):
    """A static site on S3 and CloudFront, published by pushing a zip. Costs a few cents a month at rest."""

    domain: Host | None = setting(
        None,
        "The site's own name. Unset: CloudFront gives it one.",
        allowed="a host name in lower case",
        example="blog.example.com",
    )
    aliases: Hosts = setting(
        (), "More names of the same site.", allowed="up to 4 host names, beside a domain"
    )
    hosted_zone: ZoneId | None = setting(
        None,
        "Route 53's zone of these names: certificate and addresses are made for you. Unset, with a domain: "
        "the deploy waits until the certificate's record, which the AWS console shows, is in your DNS, and "
        "the site's addresses are yours to put there.",
        allowed="the id of a hosted zone, beside a domain",
        example="Z0123456789ABCDEFGHIJ",
    )
    spa: bool = setting(
        False,
        "One page does everything: a navigation to an unknown address shows index.html.",
        allowed="true, false",
    )
    pretty_urls: bool = setting(True, "/about shows about.html or about/index.html.", allowed="true, false")
    rename_html: bool = setting(
        False,
        "Pages get a hash of their content into their names too, all but index.html and 404.html: their "
        "addresses change with their content.",
        allowed="true, false",
    )
    keep: Patterns = setting((), "Files that keep their names, besides the usual ones.", allowed=_PATTERNS)
    allow_missing: Patterns = setting(
        (), "Assets that pages may name although they are not there; * for all.", allowed=_PATTERNS
    )
    cache_control: CacheControl = setting(
        {},
        "What browsers are told of files, by pattern; the first that fits counts, before the usual headers.",
        allowed="up to 20 patterns with a header in lower case, such as max-age=3600",
    )
    keep_releases: int = setting(10, "So many releases can be gone back to.", ge=1, le=100)
    keep_days: int = setting(30, "Releases younger than this are kept, however many.", ge=1, le=365)
    build: Command | None = setting(
        None,
        "A command that makes the site of what is pushed; it runs in AWS CodeBuild. Unset: what is pushed "
        "is the site.",
        allowed="one line of up to 1000 characters for a shell",
        example="npm ci && npm run build",
    )
    build_folder: Folder = setting(
        "dist", "Where the command leaves the site.", allowed="a folder, seen from the pushed one"
    )
    build_image: Image = setting(
        "aws/codebuild/amazonlinux-aarch64-standard:3.0",
        "What the command runs in, on an Arm processor.",
        allowed="an image of AWS CodeBuild or of a public registry",
    )
    content_security_policy: Policy | None = setting(
        None,
        "What pages may load and do. No policy fits every site, so there is none until you write yours; the "
        "other security headers are always sent.",
        allowed="the header's value, in one line",
        example="default-src 'self'",
    )
    price_class: PriceClass = setting(
        "100",
        "Where CloudFront answers from: North America and Europe, most of the world, or all of it.",
        allowed='"100", "200", "all"',
    )

    @field_validator("aliases", "hosted_zone")
    @classmethod
    def _beside_a_domain(cls, value: object, info: ValidationInfo) -> object:
        if value and not info.data.get("domain"):
            raise ValueError("needs a domain")
        return value

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its owner gave it."""
        return (self.domain, *self.aliases) if self.domain else ()


def _each_name_once(sites: dict[str, Site]) -> dict[str, Site]:
    names = [name for site in sites.values() for name in site.names]
    if len(names) > len(set(names)):
        raise ValueError("two sites have the same name")
    return sites


Sites = Annotated[dict[SiteName, Site], Field(max_length=MOST_SITES), AfterValidator(_each_name_once)]

EXAMPLES = {"oblique": Site(), "cointossr": Site()}
"""What local mode shows besides the owner's sites; `examples/sites` has them."""
