"""The composition root of `cloudtop`: settings in, use cases out. Nothing connects before it is used.

`session` None: what the environment says, as in a Lambda.

What the keeper has to be allowed. EC2 knows no narrower resource than `*` for what it only shows:
- `ec2:DescribeInstances`, `ec2:DescribeVolumes`, and by engine `ec2:DescribeSpotFleetRequests` and
  `ec2:DescribeSpotFleetRequestHistory`, or `autoscaling:DescribeAutoScalingGroups` and
  `autoscaling:DescribeScalingActivities`;
- `ec2:ModifySpotFleetRequest` on the fleets, or `autoscaling:UpdateAutoScalingGroup` on the groups;
- `ec2:TerminateInstances` on instances with the tag `ct:name`;
- `dynamodb:GetItem`, `dynamodb:PutItem` and `dynamodb:DeleteItem` on the table;
- `sns:Publish` on the topic of the alarms;
- `route53:ChangeResourceRecordSets` on the hosted zone, when there is a stable name.
Snapshots, new volumes, growing and tags are for the owner's own rights: no function does that.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from everyday.clients import client, now
from everyday.errors import SettingsError
from everyday.settings import CloudtopSettings

if TYPE_CHECKING:
    import boto3

    from everyday.cloudtop.keeping import Keeper
    from everyday.cloudtop.ports import Bills, Book, Ec2, Fleets, NameServer, Owner


def keeper(settings: CloudtopSettings, session: "boto3.Session | None" = None) -> "Keeper":
    """Keeps the machine as the owner wishes it. Raises SettingsError."""
    from everyday.cloudtop.keeping import Keeper
    from everyday.cloudtop.looking import Sight
    from everyday.cloudtop.model import Home, Rules

    rules = Rules(
        fallback=settings.fallback,
        patience_seconds=settings.patience_seconds,
        offer_move_seconds=settings.offer_move_seconds,
        failures=settings.failures,
        named=bool(settings.domain),
    )
    table = book(settings, session)
    machines = ec2(settings, session)
    groups = fleets(settings, session)
    sight = Sight(table, machines, groups, Home(zone=settings.zone, volume=settings.volume))
    return Keeper(
        sight=sight,
        owner=owner(settings, session),
        rules=rules,
        clock=now,
        names=name_server(settings, session),
    )


def book(settings: CloudtopSettings, session: "boto3.Session | None" = None) -> "Book":
    """The CloudTop's table."""
    from everyday.adapters.cloudtop_book import DynamoBook

    return DynamoBook(client(session, "dynamodb", hurried=True), settings.table)


def ec2(settings: CloudtopSettings, session: "boto3.Session | None" = None) -> "Ec2":
    """Its machines, volumes and snapshots."""
    from everyday.adapters.cloudtop_ec2 import BotoEc2

    return BotoEc2(client(session, "ec2", url=settings.ec2_url, hurried=True), settings.name)


def fleets(settings: CloudtopSettings, session: "boto3.Session | None" = None) -> "Fleets":
    """Its fleets, by the engine. Raises SettingsError."""
    by_zone = _by_zone(settings.fleets)
    if settings.engine == "spot-fleet":
        from everyday.adapters.spot_fleets import SpotFleets

        return SpotFleets(client(session, "ec2", url=settings.ec2_url, hurried=True), by_zone)
    if settings.engine == "auto-scaling":
        from everyday.adapters.scaling_groups import ScalingGroups

        return ScalingGroups(client(session, "autoscaling", hurried=True), by_zone)
    raise SettingsError(f"ENGINE is `spot-fleet` or `auto-scaling`, not `{settings.engine}`")


def owner(settings: CloudtopSettings, session: "boto3.Session | None" = None) -> "Owner":
    """Whoever has subscribed to the alarms."""
    from everyday.adapters.owner import TopicOwner

    return TopicOwner(client(session, "sns", hurried=True), settings.alarm_topic, settings.name)


def bills(session: "boto3.Session", region: str) -> "Bills":
    """What AWS has counted in the region."""
    from everyday.adapters.cost_explorer import CostExplorer

    return CostExplorer(client(session, "ce"), region)


def name_server(settings: CloudtopSettings, session: "boto3.Session | None" = None) -> "NameServer | None":
    """The machine's stable name; None when the owner has set none."""
    if not settings.domain:
        return None
    from everyday.adapters.route53_name import Route53Name

    return Route53Name(client(session, "route53", hurried=True), settings.hosted_zone, settings.domain)


def _by_zone(texts: Iterable[str]) -> dict[str, str]:
    """`zone=id` each."""
    pairs = {zone: fleet for zone, _, fleet in (text.partition("=") for text in texts)}
    if not pairs or not all(pairs.values()):
        raise SettingsError(f"FLEETS is `zone=id`, one for each zone, joined by commas: {', '.join(texts)}")
    return pairs
