"""Errors this project raises on purpose.

EverydayError
├── SettingsError            the process was configured wrongly; never retried
├── InvalidMessageError      a message can never succeed; goes to the dead-letter queue
├── Unavailable              an outside service did not answer as promised; the caller may retry later
│   ├── SourceUnavailable        Instagram
│   ├── ArchiveUnavailable       S3 or the archive's folder
│   ├── CatalogUnavailable       DynamoDB
│   ├── SecretsUnavailable       Secrets Manager
│   ├── EventsUnavailable        EventBridge
│   ├── BlogUnavailable          Ghost
│   ├── LedgerUnavailable        DynamoDB, the jobs' table
│   ├── StateUnavailable         Valkey
│   ├── EcsUnavailable           ECS
│   │   └── EcsThrottled             it said no for now: the call had no effect
│   ├── FleetUnavailable         EC2 Auto Scaling, Spot Fleet
│   ├── Ec2Unavailable           EC2
│   ├── BookUnavailable          DynamoDB, cloudtop's table
│   ├── BillUnavailable          Cost Explorer
│   ├── NamesUnavailable         Route 53
│   ├── BucketUnavailable        S3, a site's bucket
│   └── EdgeUnavailable          CloudFront, its key-value store
├── Conflict                 a conditional write lost; read again and decide again
│   ├── ArchiveConflict
│   ├── CatalogConflict
│   ├── LedgerConflict
│   ├── BookConflict
│   └── SiteConflict
├── SourceError              Instagram answered, and the answer stops more than one medium
│   ├── SourceThrottled          save the place and end; `.retry_at` says when to come back
│   ├── OwnerActionNeeded        token dead, permission gone: only the owner can help
│   ├── CursorRefused            the saved place in the listing is no longer known; begin again
│   └── ExportUnreadable         the data export cannot be read at all
├── MediumError              one medium failed; the rest of the run goes on
│   ├── MediumGone               deleted or no longer visible
│   ├── MediumExpired            the signed URL ran out; ask for a fresh one
│   ├── MediumMissing            the source has no file for it (now)
│   ├── MediumRefused            address, size or content is not what a medium may have
│   └── MediumUnreadable         a document in the archive does not have the shape it was written with
├── BlogError                Ghost answered no
│   ├── BlogKeyRefused           stop the run; the key is wrong or its rights are gone
│   ├── BlogRejected             this post or file can never pass as it is; park it
│   ├── BlogCollision            somebody changed the post since we read it
│   └── BlogPostGone             the post is no longer there
├── EcsError                 ECS answered no
│   ├── EcsRefused               this call can never pass as it is
│   └── EcsConflict              the client token was used with other parameters
├── JobError                 what was asked of a job cannot be done
│   ├── JobUnknown               there is no job of that id
│   └── JobEnded                 it is over and changes no more
├── SiteError                what was asked of a site cannot be done
│   ├── SiteRefused              the folder or the zip is not what a site may be
│   ├── SiteBroken               a page names an asset that is not there
│   ├── ReleaseUnknown           there is no release of that id, or it was retired
│   └── SiteUnconfirmed          published, but the distribution did not answer with it in time
└── CloudtopError            what was asked of the CloudTop cannot be done
    ├── CloudtopRefused          EC2 will never take this as it is, or it would put data in danger
    └── CloudtopLate             it is under way, but was not there in time
"""

from datetime import datetime


class EverydayError(Exception):
    """Base of every error raised on purpose. The message is for the owner: what happened, what to do next."""


class SettingsError(EverydayError):
    """A setting is missing or malformed; the message names it and says what is allowed."""


class InvalidMessageError(EverydayError):
    """A message does not have the promised shape; the message names the field."""


class Unavailable(EverydayError):
    """An outside service did not answer as promised. Nothing is known about the effect of the call."""


class SourceUnavailable(Unavailable):
    """Instagram did not answer, or answered with a passing fault."""


class ArchiveUnavailable(Unavailable):
    """The archive did not answer."""


class CatalogUnavailable(Unavailable):
    """The catalog did not answer."""


class SecretsUnavailable(Unavailable):
    """The secret store did not answer."""


class EventsUnavailable(Unavailable):
    """The event bus did not take an event."""


class BlogUnavailable(Unavailable):
    """The blog did not answer, or answered with a passing fault."""


class LedgerUnavailable(Unavailable):
    """The ledger did not answer."""


class StateUnavailable(Unavailable):
    """Valkey did not answer, refuses writes, or is full."""


class EcsUnavailable(Unavailable):
    """ECS did not answer, or answered with a passing fault."""


class EcsThrottled(EcsUnavailable):
    """ECS took too many calls; this one had no effect."""


class FleetUnavailable(Unavailable):
    """EC2 Auto Scaling or Spot Fleet did not answer."""


class Ec2Unavailable(Unavailable):
    """EC2 did not answer."""


class BillUnavailable(Unavailable):
    """Cost Explorer did not answer, or is not switched on in this account."""


class BookUnavailable(Unavailable):
    """The table of `cloudtop` did not answer."""


class NamesUnavailable(Unavailable):
    """Route 53 did not answer."""


class BucketUnavailable(Unavailable):
    """A site's bucket did not answer, or refused what it was given."""


class EdgeUnavailable(Unavailable):
    """CloudFront or its key-value store did not answer."""


class Conflict(EverydayError):
    """A conditional write lost against another writer."""


class ArchiveConflict(Conflict):
    """The object changed since it was read, or already exists."""


class CatalogConflict(Conflict):
    """The entry changed since it was read, or already exists."""


class LedgerConflict(Conflict):
    """The job changed since it was read."""


class BookConflict(Conflict):
    """Somebody wrote the item since it was read."""


class SiteConflict(Conflict):
    """Another publisher changed the site's manifest since it was read."""


class SourceError(EverydayError):
    """Instagram answered, and the answer stops more than one medium."""


class SourceThrottled(SourceError):
    """A rate limit is reached; `retry_at` is when to come back."""

    def __init__(self, message: str, *, retry_at: datetime) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class OwnerActionNeeded(SourceError):
    """Only the owner can repair this: a dead token, a missing permission, a blocked app."""


class CursorRefused(SourceError):
    """The saved place in the listing is no longer known; the walk must begin again."""


class ExportUnreadable(SourceError):
    """The data export cannot be read: not JSON, no media list, a hostile archive."""


class MediumError(EverydayError):
    """One medium failed; the rest of the run goes on."""


class MediumGone(MediumError):
    """Instagram no longer shows this medium."""


class MediumExpired(MediumError):
    """The signed address ran out; a fresh one may work."""


class MediumMissing(MediumError):
    """The source knows the medium but has no file for it now."""


class MediumRefused(MediumError):
    """Address, size or content is not what a medium may have."""


class MediumUnreadable(MediumError):
    """What the archive wrote about this medium cannot be read back."""


class BlogError(EverydayError):
    """The blog answered no."""


class BlogKeyRefused(BlogError):
    """The Admin API key is wrong or lacks rights; no post can pass."""


class BlogRejected(BlogError):
    """This post or file can never pass as it is."""


class BlogCollision(BlogError):
    """The post was changed since it was read."""


class BlogPostGone(BlogError):
    """The post is no longer there."""


class EcsError(EverydayError):
    """ECS answered no."""


class EcsRefused(EcsError):
    """ECS will never take this call as it is: unknown cluster, inactive definition, wrong parameter."""


class EcsConflict(EcsError):
    """The client token was used before with other parameters."""


class JobError(EverydayError):
    """What was asked of a job cannot be done."""


class JobUnknown(JobError):
    """There is no job of that id, or it was forgotten since."""


class JobEnded(JobError):
    """The job is over and changes no more."""


class SiteError(EverydayError):
    """What was asked of a site cannot be done."""


class SiteRefused(SiteError):
    """The folder or the zip is not what a site may be; the message names the file."""


class SiteBroken(SiteError):
    """Pages name assets that are not there; publishing them would break the site."""


class ReleaseUnknown(SiteError):
    """There is no release of that id, or it was retired."""


class SiteUnconfirmed(SiteError):
    """The release is published, but the distribution did not answer with it in time."""


class CloudtopError(EverydayError):
    """What was asked of the CloudTop cannot be done."""


class CloudtopRefused(CloudtopError):
    """EC2 will never take this as it is, or it would put data in danger."""


class CloudtopLate(CloudtopError):
    """What was asked for is under way, but was not there in time."""
