"""What `site_publish` may do, each site's for itself."""

from everyday.site.names import ASSETS, MANIFEST, PAGES
from stacks.acknowledgements import acknowledge_wildcards
from stacks.constructs.static_site import StaticSite
from stacks.constructs.thin_function import ThinFunction


def let_publish(worker: ThinFunction, site: StaticSite) -> None:
    """Let the function change one site: its files, what its edge shows, what its edge remembers."""
    _let_store(worker, site)
    worker.allow(
        "cloudfront-keyvaluestore:DescribeKeyValueStore",
        "cloudfront-keyvaluestore:GetKey",
        "cloudfront-keyvaluestore:ListKeys",
        "cloudfront-keyvaluestore:UpdateKeys",
        on=[site.store.key_value_store_arn],
    )
    worker.allow(
        "cloudfront:CreateInvalidation",
        "cloudfront:GetInvalidation",
        on=[site.distribution.distribution_arn],
    )


def let_answer(worker: ThinFunction) -> None:
    """Let the function say how a job ended. What it publishes it reads with the job's own credentials."""
    worker.allow("codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult", on=["*"])
    because = (
        "CodePipeline knows no resource for a job; who answers must know its id, which only we are told."
    )
    acknowledge_wildcards(worker, "*", because=because)


def _let_store(worker: ThinFunction, site: StaticSite) -> None:
    objects = [site.bucket.arn_for_objects(f"{prefix}*") for prefix in (ASSETS, PAGES)]
    # The last two: for an upload in parts that was given up, and for what no kept release uses any more.
    changes = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObjectVersion")
    worker.allow(*changes, on=objects)
    worker.allow("s3:GetObject", "s3:PutObject", on=[site.bucket.arn_for_objects(MANIFEST)])
    worker.allow("s3:ListBucket", "s3:ListBucketVersions", on=[site.bucket.bucket_arn])
    because = "A release has thousands of files; the rest of the site's own bucket is closed to it."
    acknowledge_wildcards(worker, *objects, because=because)
