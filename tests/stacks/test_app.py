"""The whole app: judged, repeatable, and different between the stages only where it must be."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

import app
from everyday.errors import SettingsError
from stacks.config import Config, Jobs, Photos, parse
from stacks.local_limits import UNKNOWN_TYPES
from tests.stacks.conftest import CONFIG, LOCAL, Synth, Synthesised

REVIEWED = Path(__file__).with_name("acknowledged.json")


def _reports(synthesised: Synthesised) -> list[dict[str, Any]]:
    report = json.loads((synthesised.folder / "validation-report.json").read_text())
    found: list[dict[str, Any]] = report["pluginReports"]
    return found


def test_no_finding_is_open(aws: Synthesised) -> None:
    reports = {report["pluginName"]: report for report in _reports(aws)}
    assert {"AwsSolutions", "CloudFormation Validate"} <= reports.keys()
    assert [found for report in reports.values() for found in report["violations"]] == []


def test_every_acknowledged_finding_was_reviewed_and_says_why(aws: Synthesised) -> None:
    acknowledged = [
        {
            "finding": found["acknowledgedId"],
            "at": construct["constructPath"],
            "because": found["reason"],
        }
        for report in _reports(aws)
        for found in report["suppressedViolations"]
        for construct in found["violatingConstructs"]
    ]
    acknowledged.sort(key=lambda each: (each["at"], each["finding"]))
    assert acknowledged == json.loads(REVIEWED.read_text())
    assert all(len(each["because"]) >= 30 for each in acknowledged)


def test_a_planted_violation_stops_the_synthesis(tmp_path: Path) -> None:
    config = Config(photos=Photos(enabled=False))  # the judge takes its time for every resource
    built = app.build_app(config, {"stage": "aws"}, str(tmp_path / "out"))
    s3.Bucket(cdk.Stack(built, "Careless"), "Open")
    with pytest.raises(RuntimeError, match=r"(?i)validation"):
        built.synth()
    report = json.loads((tmp_path / "out/validation-report.json").read_text())
    found = {each["ruleName"] for plugin in report["pluginReports"] for each in plugin["violations"]}
    assert {"AwsSolutions-S1", "AwsSolutions-S10"} <= found


def test_the_app_is_not_empty(aws: Synthesised) -> None:
    counts = {stack: len(template["Resources"]) for stack, template in aws.stacks.items()}
    assert counts.keys() == {
        "EverydayAlarms",
        "EverydayCloudtop",
        "EverydayCloudtopData",
        "EverydayData",
        "EverydayJobs",
        "EverydayJobsData",
        "EverydayPhotos",
        "EverydaySite",
        "EverydaySiteNames",
    }
    assert counts["EverydayAlarms"] >= 3
    assert counts["EverydayData"] >= 5
    assert counts["EverydayPhotos"] >= 30
    assert counts["EverydayJobs"] >= 80
    assert counts["EverydayJobsData"] >= 1
    assert counts["EverydayCloudtop"] >= 40
    assert counts["EverydayCloudtopData"] == 2
    assert counts["EverydaySite"] >= 55
    assert counts["EverydaySiteNames"] == 1


def test_the_same_commit_gives_the_same_templates_and_assets_on_every_machine(
    aws: Synthesised, elsewhere: Synthesised
) -> None:
    assert elsewhere.stacks == aws.stacks


def test_nothing_is_looked_up(aws: Synthesised) -> None:
    manifest = json.loads((aws.folder / "manifest.json").read_text())
    assert manifest.get("missing", []) == []


NAMES = {"AWS::CertificateManager::Certificate", "AWS::Route53::RecordSet"}
ATTACHED = {"AWS::EC2::Route", "AWS::Events::Rule", "AWS::IAM::Role"}
INSTEAD = {"AWS::SSM::Parameter"}
"""What local mode has in the place of pipelines."""


def _left_out(resources: dict[str, dict[str, Any]]) -> set[str]:
    """What the local AWS does not know and what cannot be without it, and the owner's names on the web."""
    out = {name for name, resource in resources.items() if resource["Type"] in UNKNOWN_TYPES | NAMES}
    while True:
        ids = {name.split("/")[1] for name in out}
        attached = {
            name
            for name, resource in resources.items()
            if any(f'"{each}"' in json.dumps(resource["Properties"]) for each in ids)
            and resource["Type"] in ATTACHED
        }
        if attached <= out:
            return out
        out |= attached


def test_the_stages_differ_by_what_the_local_aws_does_not_know(aws: Synthesised, local: Synthesised) -> None:
    # Local mode has no CloudTop yet.
    there = {name: each for name, each in aws.resources() if not name.startswith("EverydayCloudtop")}
    left_out = _left_out(there)
    assert left_out
    assert {name: each["Type"] for name, each in there.items() if name not in left_out} == {
        name: each["Type"] for name, each in local.resources() if each["Type"] not in INSTEAD
    }


def test_only_aws_keeps_what_it_holds(aws: Synthesised, local: Synthesised) -> None:
    stateful = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret")
    for stage, policy, stores in ((aws, "Retain", 10), (local, "Delete", 9)):
        held = [(name, each) for name, each in stage.resources() if each["Type"] in stateful]
        kept = [each for name, each in held if "Data/" in name or name.startswith("EverydaySite/")]
        assert len(kept) == stores
        assert {each["DeletionPolicy"] for each in kept} == {policy}
        assert {each["UpdateReplacePolicy"] for each in kept} == {policy}
        # Valkey's password goes with Valkey.
        assert [name for name, each in held if each not in kept] == ["EverydayJobs/StateSecret24346B5E"]
    assert not list(local.resources("Custom::"))


def test_aws_protects_the_data_stack_from_being_deleted(aws: Synthesised, local: Synthesised) -> None:
    for stage, protected in ((aws, True), (local, None)):
        manifest = json.loads((stage.folder / "manifest.json").read_text())["artifacts"]
        for stack in ("EverydayData", "EverydayJobsData"):
            found = manifest[stack]["properties"].get("terminationProtection")
            assert found in {protected, bool(protected)}


def test_local_functions_are_told_loopback_addresses_only(local: Synthesised) -> None:
    environments = [
        each["Properties"]["Environment"]["Variables"] for _, each in local.resources("AWS::Lambda::Function")
    ]
    told = {name: value for each in environments for name, value in each.items() if isinstance(value, str)}
    assert told["INSTAGRAM_URL"] == told["MEDIA_ORIGINS"] == LOCAL["instagram_url"]
    assert told["GHOST_URL"] == LOCAL["ghost_url"]
    assert told["ECS_URL"] == LOCAL["ecs_url"]
    assert told["STATE_URL"] == LOCAL["state_url"]
    assert told["VISIT_URL"] == told["KEY_VALUE_STORE_URL"] == LOCAL["edge_url"]
    assert told["PIPELINE_URL"] == LOCAL["pipeline_url"]
    del told["RULES"]  # the address that the site has on AWS may stand in its files
    assert not any("https://" in value for value in told.values())


def test_a_capability_that_is_off_has_no_stack(synth: Synth) -> None:
    off = Config(photos=Photos(enabled=False), jobs=Jobs(enabled=False))
    assert synth(off, stage="aws").stacks.keys() == {"EverydayAlarms"}


def test_what_costs_something_at_rest_is_off_until_it_is_asked_for_but_not_here(synth: Synth) -> None:
    assert "EverydayJobs" not in synth(parse({}), stage="aws").stacks
    assert {"EverydayJobs", "EverydaySite"} <= synth(parse({}), **LOCAL).stacks.keys()
    assert "EverydaySite" not in synth(parse({}), stage="aws").stacks


def test_the_example_blog_is_warned_of_and_another_is_not(synth: Synth, aws: Synthesised) -> None:
    example = synth(parse({}), stage="aws")
    assert "blog_url is still the example" in (example.folder / "manifest.json").read_text() + "".join(
        path.read_text() for path in example.folder.glob("*.metadata.json")
    )
    assert not any("blog_url" in path.read_text() for path in aws.folder.glob("*.metadata.json"))


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"stage": "prod"}, 'allowed: "aws", "local"'),
        ({"stage": "local"}, "needs -c instagram_url="),
        ({**LOCAL, "ghost_url": "https://blog.example.org"}, "needs -c ghost_url="),
        ({**LOCAL, "ecs_url": "http://localhost:1"}, "needs -c ecs_url=http://127.0.0.1:<port>"),
        ({**LOCAL, "edge_url": "http://edge.localhost:1"}, "needs -c edge_url=http://127.0.0.1:<port>"),
        ({**LOCAL, "pipeline_url": None}, "needs -c pipeline_url=http://127.0.0.1:<port>"),
        ({**LOCAL, "state_url": "http://127.0.0.1:1"}, "needs -c state_url=redis://127.0.0.1:<port>"),
    ],
)
def test_a_stage_that_cannot_be_built_says_what_it_needs(context: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        app.build_app(CONFIG, context)
