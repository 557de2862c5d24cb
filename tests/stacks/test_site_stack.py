"""What the templates of `site` promise, one by one."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from everyday.errors import SettingsError
from everyday.settings import SiteSettings
from everyday.site.model import RevRules, SiteRules
from stacks.config import Config, Jobs, Photos
from stacks.site_outputs import PARAMETER, output_name, sites
from stacks.site_rules import rules_json, rules_of
from stacks.site_table import MOST_SITES, Site
from tests.stacks.conftest import LOCAL, Synth, Synthesised


@pytest.fixture(scope="session")
def site(aws: Synthesised) -> Template:
    return aws.template("EverydaySite")


@pytest.fixture(scope="session")
def local_site(local: Synthesised) -> Template:
    return local.template("EverydaySite")


def _all(template: Template, kind: str, of: str = "") -> list[dict[str, Any]]:
    """The properties of every resource of a kind whose logical id begins with `of`."""
    found = template.find_resources(kind)
    return [each["Properties"] for key, each in found.items() if key.startswith(of)]


def _one(template: Template, kind: str, of: str = "") -> dict[str, Any]:
    (only,) = _all(template, kind, of)
    return only


def _statements(template: Template, role: str) -> list[dict[str, Any]]:
    policy = _one(template, "AWS::IAM::Policy", role)
    return list(policy["PolicyDocument"]["Statement"])


def _resolved(value: Any) -> str:
    """A text of a template, with what is known at deployment only as its name in angle brackets."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return str(value["Fn::Join"][0]).join(_resolved(each) for each in value["Fn::Join"][1])
    (name,) = value.values()
    return f"<{name if isinstance(name, str) else '.'.join(name)}>"


def _published(template: Template) -> dict[str, Any]:
    outputs = template.to_json()["Outputs"]
    return dict(sites({name: _resolved(each["Value"]) for name, each in outputs.items()}))


def test_a_sites_bucket_is_private_versioned_and_kept(site: Template) -> None:
    for name in ("Siteoblique", "Sitecointossr"):
        site.has_resource(
            "AWS::S3::Bucket",
            {
                "DeletionPolicy": "Retain",
                "Properties": Match.object_like(
                    {
                        "VersioningConfiguration": {"Status": "Enabled"},
                        "PublicAccessBlockConfiguration": {
                            "BlockPublicAcls": True,
                            "BlockPublicPolicy": True,
                            "IgnorePublicAcls": True,
                            "RestrictPublicBuckets": True,
                        },
                    }
                ),
            },
        )
        rules = _one(site, "AWS::S3::Bucket", name)["LifecycleConfiguration"]["Rules"]
        assert {"NoncurrentDays": 7} in [each.get("NoncurrentVersionExpiration") for each in rules]
        assert not [each for each in rules if "ExpirationInDays" in each]


def test_the_world_reads_through_this_distribution_only_and_only_what_is_shown(site: Template) -> None:
    policy = _one(site, "AWS::S3::BucketPolicy", "Siteoblique")["PolicyDocument"]["Statement"]
    allowed = [each for each in policy if each["Effect"] == "Allow"]
    reads, lists = allowed
    assert (reads["Action"], lists["Action"]) == ("s3:GetObject", "s3:ListBucket")
    bucket = _resolved(lists["Resource"])
    assert [_resolved(each) for each in reads["Resource"]] == [f"{bucket}/assets/*", f"{bucket}/pages/*"]
    for each in allowed:
        assert each["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert "SiteobliqueDistribution" in _resolved(each["Condition"]["StringEquals"]["aws:SourceArn"])
    (origin,) = _one(site, "AWS::CloudFront::Distribution", "Siteoblique")["DistributionConfig"]["Origins"]
    assert "OriginAccessControlId" in origin
    assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}


def test_the_edge_speaks_what_is_new_and_takes_nothing_but_reading(site: Template) -> None:
    for name in ("Siteoblique", "Sitecointossr"):
        config = _one(site, "AWS::CloudFront::Distribution", name)["DistributionConfig"]
        assert config["HttpVersion"] == "http2and3"
        assert config["IPV6Enabled"] is True
        behaviour = config["DefaultCacheBehavior"]
        assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
        assert behaviour["Compress"] is True
        assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
        short = [(each["ErrorCode"], each["ErrorCachingMinTTL"]) for each in config["CustomErrorResponses"]]
        assert short == [(403, 10), (404, 10)]


def test_the_edge_keeps_content_by_its_hash_and_looks_at_no_cookie_or_query(site: Template) -> None:
    config = _one(site, "AWS::CloudFront::CachePolicy")["CachePolicyConfig"]
    assert {config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]} == {365 * 86400}
    keyed = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert keyed == {
        "CookiesConfig": {"CookieBehavior": "none"},
        "EnableAcceptEncodingBrotli": True,
        "EnableAcceptEncodingGzip": True,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }


def test_both_functions_run_and_read_the_sites_own_store(site: Template) -> None:
    functions = site.find_resources("AWS::CloudFront::Function")
    assert len(functions) == 4
    for key, each in functions.items():
        (store,) = each["Properties"]["FunctionConfig"]["KeyValueStoreAssociations"]
        assert store["KeyValueStoreARN"]["Fn::GetAtt"][0].startswith(key.split("Re")[0])
        assert each["Properties"]["AutoPublish"] is True
        assert len(each["Properties"]["FunctionCode"].encode()) <= 10_240
    config = _one(site, "AWS::CloudFront::Distribution", "Siteoblique")["DistributionConfig"]
    events = [each["EventType"] for each in config["DefaultCacheBehavior"]["FunctionAssociations"]]
    assert events == ["viewer-request", "viewer-response"]


def test_security_headers_are_sent_and_the_owners_own_go_before_them(site: Template) -> None:
    policies = _all(site, "AWS::CloudFront::ResponseHeadersPolicy")
    headers = [each["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"] for each in policies]
    usual, own = sorted(headers, key=lambda each: "ContentSecurityPolicy" in each)
    assert own["ContentSecurityPolicy"]["ContentSecurityPolicy"] == "default-src 'self'"
    assert usual.keys() == {
        "ContentTypeOptions",
        "FrameOptions",
        "ReferrerPolicy",
        "StrictTransportSecurity",
    }
    assert not any(each["Override"] for found in headers for each in found.values())


def test_a_domain_has_its_certificate_and_leads_to_the_distribution(site: Template, aws: Synthesised) -> None:
    names = ["oblique.example.org", "www.oblique.example.org"]
    config = _one(site, "AWS::CloudFront::Distribution", "Siteoblique")["DistributionConfig"]
    assert config["Aliases"] == names
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    records = {(each["Name"], each["Type"]) for each in _all(site, "AWS::Route53::RecordSet")}
    assert records == {(f"{name}.", kind) for name in names for kind in ("A", "AAAA", "HTTPS")}
    certificate = _one(aws.template("EverydaySiteNames"), "AWS::CertificateManager::Certificate")
    assert [certificate["DomainName"], *certificate["SubjectAlternativeNames"]] == names
    zones = {each["HostedZoneId"] for each in certificate["DomainValidationOptions"]}
    assert zones == {"Z0123456789"}


def test_certificates_are_made_where_cloudfront_takes_them_from(synth: Synth) -> None:
    owner: dict[str, Any] = {
        "everyday": {"region": "eu-central-1"},
        "photos": {"enabled": False},
        "site": {"blog": {"domain": "blog.example.org"}},
    }
    made = synth(Config.model_validate(owner), stage="aws")
    manifest = json.loads((made.folder / "manifest.json").read_text())["artifacts"]
    where = {name: manifest[name]["environment"].rsplit("/", 1)[1] for name in made.stacks}
    assert where["EverydaySiteNames"] == "us-east-1"
    assert where["EverydaySite"] == "eu-central-1"
    assert not list(made.resources("AWS::Route53::RecordSet"))


def test_a_pushed_zip_starts_its_own_pipeline(site: Template) -> None:
    bucket = _one(site, "AWS::S3::Bucket", "Uploads")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["NotificationConfiguration"]["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
    for name in ("oblique", "cointossr"):
        rule = _one(site, "AWS::Events::Rule", f"Eventseveryday{name}")
        assert rule["EventPattern"]["detail"]["object"] == {"key": [f"{name}.zip"]}
        (target,) = rule["Targets"]
        assert f"Site{name}Pipeline" in json.dumps(target["Arn"])
    assert not site.find_resources("Custom::S3BucketNotifications")


def test_a_pipeline_takes_the_newest_zip_builds_if_the_owner_says_how_and_publishes(site: Template) -> None:
    built = _one(site, "AWS::CodePipeline::Pipeline", "Siteoblique")
    plain = _one(site, "AWS::CodePipeline::Pipeline", "Sitecointossr")
    for each in (built, plain):
        assert (each["PipelineType"], each["ExecutionMode"]) == ("V2", "SUPERSEDED")
        assert each["Stages"][0]["Actions"][0]["Configuration"]["PollForSourceChanges"] == "false"
    assert [each["Name"] for each in built["Stages"]] == ["Source", "Build", "Publish"]
    assert [each["Name"] for each in plain["Stages"]] == ["Source", "Publish"]
    for pipeline, artifact in ((built, "Built"), (plain, "Pushed")):
        (action,) = pipeline["Stages"][-1]["Actions"]
        assert action["ActionTypeId"]["Provider"] == "Lambda"
        assert action["InputArtifacts"] == [{"Name": artifact}]
    (action,) = plain["Stages"][-1]["Actions"]
    assert json.loads(action["Configuration"]["UserParameters"]) == {"site": "cointossr"}


def test_the_owners_command_runs_on_a_small_arm_machine_and_may_only_hand_over(site: Template) -> None:
    project = _one(site, "AWS::CodeBuild::Project", "Siteoblique")
    assert project["Environment"]["Type"] == "ARM_CONTAINER"
    assert project["Environment"]["ComputeType"] == "BUILD_GENERAL1_SMALL"
    assert project["Environment"]["PrivilegedMode"] is False
    spec = json.loads(project["Source"]["BuildSpec"])
    assert spec["phases"]["build"]["commands"] == ["npm ci && npm run build"]
    assert spec["artifacts"]["base-directory"] == "dist"
    actions = {
        action
        for each in _statements(site, "SiteobliqueBuildRole")
        for action in (each["Action"] if isinstance(each["Action"], list) else [each["Action"]])
    }
    assert {action.split(":")[0] for action in actions} == {"s3", "logs"}


def test_a_failed_pipeline_and_a_failed_function_are_told(site: Template, aws: Synthesised) -> None:
    rule = _one(site, "AWS::Events::Rule", "EventsFailed")
    assert rule["EventPattern"]["detail"]["state"] == ["FAILED"]
    assert len(rule["EventPattern"]["detail"]["pipeline"]) == 2
    (target,) = rule["Targets"]
    assert "EverydayAlarms" in json.dumps(target["Arn"])
    assert "<pipeline>" in json.loads(target["InputTransformer"]["InputTemplate"])
    policy = json.dumps(aws.stacks["EverydayAlarms"]["Resources"])
    assert "events.amazonaws.com" in policy
    assert len(_all(site, "AWS::CloudWatch::Alarm")) == 2


def test_the_publisher_has_room_for_a_large_site_and_one_more_try(site: Template) -> None:
    function = _one(site, "AWS::Lambda::Function", "Siteoblique")
    assert (function["Timeout"], function["MemorySize"]) == (900, 3008)
    assert function["EphemeralStorage"] == {"Size": 5120}
    assert len(function["Layers"]) == 3
    tries = _one(site, "AWS::Lambda::EventInvokeConfig", "Siteoblique")
    assert tries["MaximumRetryAttempts"] == 1


def test_no_other_function_has_the_layer_of_the_sites(aws: Synthesised) -> None:
    layers = {
        name: len(each["Properties"]["Layers"]) for name, each in aws.resources("AWS::Lambda::Function")
    }
    assert {number for name, number in layers.items() if "SitePublish" not in name} == {2}


def test_a_publisher_changes_its_own_site_and_cannot_touch_the_record_of_releases_but_to_write_it(
    site: Template,
) -> None:
    statements = _statements(site, "SiteobliqueSitePublish")
    assert "Sitecointossr" not in json.dumps(statements)
    removes = [each for each in statements if "s3:DeleteObjectVersion" in each["Action"]]
    (resources,) = [[_resolved(each) for each in found["Resource"]] for found in removes]
    assert [each.rsplit(">", 1)[1] for each in resources] == ["/assets/*", "/pages/*"]
    (record,) = [each for each in statements if "manifest.json" in json.dumps(each["Resource"])]
    assert record["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert not [
        each for each in statements if "Artifacts" in json.dumps(each) or "Uploads" in json.dumps(each)
    ]


def test_a_pipeline_reads_its_own_zip_and_calls_its_own_function(site: Template) -> None:
    statements = _statements(site, "SitecointossrPipelineRole")
    text = json.dumps(statements)
    assert "/cointossr.zip" in text
    assert "oblique" not in text
    (invoke,) = [each for each in statements if each["Action"] == "lambda:InvokeFunction"]
    assert "SitecointossrSitePublish" in json.dumps(invoke["Resource"])
    role = _one(site, "AWS::IAM::Role", "SitecointossrPipelineRole")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert _resolved(trust["Condition"]["ArnEquals"]["aws:SourceArn"]).endswith(":everyday-cointossr")


def test_every_site_is_found_by_its_output(site: Template) -> None:
    found = _published(site)
    assert sorted(found) == ["cointossr", "oblique"]
    oblique = found["oblique"]
    assert (oblique.pipeline, oblique.upload_key) == ("everyday-oblique", "oblique.zip")
    assert oblique.settings.site_url == "https://oblique.example.org"
    assert found["cointossr"].settings.site_url.startswith("https://<")
    assert oblique.settings.visit_url is None


def test_a_function_and_the_command_line_are_told_the_same(site: Template, local_site: Template) -> None:
    for template in (site, local_site):
        for name, output in _published(template).items():
            function = _one(template, "AWS::Lambda::Function", f"Site{name}")
            variables = function["Environment"]["Variables"]
            told = SiteSettings.from_env({key: _resolved(each) for key, each in variables.items()})
            assert told == output.settings


def test_no_two_sites_share_an_output() -> None:
    names = ["a-b", "ab", "a-1", "a1", "axb", "a-b-c", "ab-c"]
    assert len({output_name(each) for each in names}) == len(names)


def test_outputs_of_another_version_say_what_to_do() -> None:
    with pytest.raises(SettingsError, match="deploy again"):
        sites({"Siteblog": "everyday-blog"})
    assert sites({"SiteUploads": "no site", "PhotoBackup": "x"}) == {}


def test_local_mode_shows_the_examples_besides_the_owners_sites(synth: Synth) -> None:
    owner = Config(photos=Photos(enabled=False), jobs=Jobs(), site={"my-blog": Site()})
    found = _published(synth(owner, **LOCAL).template("EverydaySite"))
    assert {name: each.settings.site_url for name, each in found.items()} == {
        "cointossr": "http://cointossr.localhost:4005",
        "my-blog": "http://my-blog.localhost:4005",
        "oblique": "http://oblique.localhost:4005",
    }


def test_a_local_site_answers_to_its_name_and_needs_no_certificate(local_site: Template) -> None:
    config = _one(local_site, "AWS::CloudFront::Distribution", "Siteoblique")["DistributionConfig"]
    assert config["Aliases"] == ["oblique.localhost"]
    assert "ViewerCertificate" not in config


def test_what_stands_in_for_codepipeline_reads_what_codepipeline_gets(
    site: Template, local_site: Template
) -> None:
    for name in ("oblique", "cointossr"):
        there = _one(site, "AWS::CodePipeline::Pipeline", f"Site{name}")
        here = _one(local_site, "AWS::SSM::Parameter", f"Site{name}")
        assert here["Name"] == f"{PARAMETER}everyday-{name}"
        assert json.loads(_resolved(here["Value"])) == json.loads(json.dumps(_plainly(there)))


def _plainly(value: Any) -> Any:
    if isinstance(value, list):
        return [_plainly(each) for each in value]
    if isinstance(value, dict):
        if value.keys() <= {"Ref", "Fn::GetAtt", "Fn::Join"}:
            return _resolved(value)
        return {key: _plainly(each) for key, each in value.items()}
    return value


def test_there_is_room_for_as_many_sites_as_are_allowed(synth: Synth) -> None:
    fullest = {
        f"site-{number}": Site(
            domain=f"{number}.example.org",
            aliases=tuple(f"{letter}{number}.example.org" for letter in "abcd"),
            hosted_zone="Z0123456789",
            build="make",
            content_security_policy="default-src 'self'",
        )
        for number in range(MOST_SITES)
    }
    made = synth(Config(photos=Photos(enabled=False), site=fullest), stage="aws")
    assert len(made.stacks["EverydaySite"]["Resources"]) <= 500
    assert len(made.stacks["EverydaySite"]["Outputs"]) <= 200


def test_the_owners_rules_reach_the_publisher() -> None:
    owner = Site(
        domain="a.example.org",
        spa=True,
        pretty_urls=False,
        rename_html=True,
        keep=("img/**",),
        allow_missing=("*",),
        cache_control={"*.pdf": "max-age=60", "*": "no-cache"},
        keep_releases=3,
        keep_days=7,
    )
    assert rules_of(owner) == SiteRules(
        rev=RevRules(
            keep=("img/**",), rename_html=True, allow_missing=("*",), origin="https://a.example.org"
        ),
        spa=True,
        pretty=False,
        cache_control=(("*.pdf", "max-age=60"), ("*", "no-cache")),
        keep_releases=3,
        keep_days=7,
    )


def test_rules_that_no_function_could_be_told_are_refused() -> None:
    owner = Site(keep=tuple(f"{number}{'x' * 90}" for number in range(50)))
    with pytest.raises(SettingsError, match=r"site\.blog: its rules take \d+ bytes; allowed: 2000"):
        rules_json("blog", owner)
