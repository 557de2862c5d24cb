"""What each function of `photos` may do: exactly the calls that it makes."""

import aws_cdk.aws_events as events

from stacks.acknowledgements import acknowledge
from stacks.constructs.thin_function import ThinFunction
from stacks.data_stack import DataStack

# How cdk-nag names the archive here: by the export of the data stack, whose logical ids are pinned.
_ARCHIVE = "EverydayData:ExportsOutputFnGetAttArchiveDA4CB258ArnBE8F3792"
_MEDIA = f"AwsSolutions::AwsSolutions-IAM5[Resource::{_ARCHIVE}/instagram/*]"
_RECORDS = f"AwsSolutions::AwsSolutions-IAM5[Resource::{_ARCHIVE}/instagram/*/post.json]"


def let_backup(worker: ThinFunction, *, data: DataStack, bus: events.IEventBus) -> None:
    """Read and add to the archive and the catalog, read the token, publish."""
    archive, catalog = data.archive.bucket_arn, data.catalog.table_arn
    worker.allow("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", on=[f"{archive}/instagram/*"])
    # Without ListBucket, S3 answers 403 instead of 404 for what is not there.
    worker.allow("s3:ListBucket", "s3:ListBucketMultipartUploads", on=[archive])
    worker.allow("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", on=[catalog])
    worker.allow("dynamodb:Query", on=[f"{catalog}/index/todo", f"{catalog}/index/timeline"])
    worker.allow("secretsmanager:GetSecretValue", on=[data.instagram_secret.secret_arn])
    worker.allow("events:PutEvents", on=[bus.event_bus_arn])
    acknowledge(worker, _MEDIA, because="Media ids are not known at deployment; the prefix holds only media.")


def let_post(worker: ThinFunction, *, data: DataStack) -> None:
    """Read the archive, write the posts' records beside it and into the catalog, read the blog's key."""
    archive, catalog = data.archive.bucket_arn, data.catalog.table_arn
    worker.allow("s3:GetObject", on=[f"{archive}/instagram/*"])
    worker.allow("s3:PutObject", on=[f"{archive}/instagram/*/post.json"])
    worker.allow("s3:ListBucket", on=[archive])
    worker.allow("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", on=[catalog])
    worker.allow("dynamodb:Query", on=[f"{catalog}/index/todo"])
    worker.allow("secretsmanager:GetSecretValue", on=[data.ghost_secret.secret_arn])
    acknowledge(
        worker,
        _MEDIA,
        _RECORDS,
        because="Media ids are not known at deployment; it writes one file name only.",
    )


def let_refresh(worker: ThinFunction, *, data: DataStack) -> None:
    """Read and replace the token."""
    worker.allow(
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        on=[data.instagram_secret.secret_arn],
    )
