"""The CloudTop as it is deployed: nothing starts by itself, nothing else is touched, the data stays."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template
from pydantic import ValidationError

from everyday.errors import SettingsError
from everyday.settings import CloudtopSettings
from stacks.cloudtop_table import Cloudtop
from stacks.config import Config, Everyday, Photos
from tests.stacks.conftest import Synth, Synthesised


@pytest.fixture(scope="module")
def stack(aws: Synthesised) -> Template:
    return aws.template("EverydayCloudtop")


@pytest.fixture(scope="module")
def data(aws: Synthesised) -> Template:
    return aws.template("EverydayCloudtopData")


@pytest.fixture(scope="module")
def unlike(synth: Synth) -> Template:
    """With everything that may be chosen chosen otherwise."""
    cloudtop = Cloudtop(
        enabled=True,
        engine="auto-scaling",
        zones=("eu-central-1b", "eu-central-1a", "eu-central-1c"),
        instance_types=(),
        vcpus=8,
        memory_gib=32,
        max_price="0.25",
        fallback=False,
        fallback_after="10 minutes",
        idle_after="never",
        monthly_cap_usd=None,
        docker=False,
        packages=("ripgrep", "nodejs"),
        connect_endpoint=True,
    )
    config = Config(everyday=Everyday(region="eu-central-1"), photos=Photos(enabled=False), cloudtop=cloudtop)
    return synth(config, stage="aws").template("EverydayCloudtop")


def _properties(template: Template, kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in template.find_resources(kind).values()]


def _fleets(template: Template) -> list[dict[str, Any]]:
    kind = "AWS::EC2::SpotFleet"
    return [each["SpotFleetRequestConfigData"] for each in _properties(template, kind)]


def _launch(template: Template) -> dict[str, Any]:
    (launch,) = _properties(template, "AWS::EC2::LaunchTemplate")
    told: dict[str, Any] = launch["LaunchTemplateData"]
    return told


def _told(template: Template) -> CloudtopSettings:
    (function,) = _properties(template, "AWS::Lambda::Function")
    variables = function["Environment"]["Variables"]
    return CloudtopSettings.from_env(
        {name: value if isinstance(value, str) else _text(value) for name, value in variables.items()}
    )


def _text(value: Any) -> str:
    """A value that CloudFormation makes, as one word for each part."""
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(_text(each) for each in value["Fn::Join"][1])
    return value if isinstance(value, str) else next(iter(value))


def test_a_deploy_starts_no_machine(stack: Template, unlike: Template) -> None:
    assert [each["TargetCapacity"] for each in _fleets(stack)] == [0, 0]
    for group in _properties(unlike, "AWS::AutoScaling::AutoScalingGroup"):
        assert (group["MinSize"], group["MaxSize"]) == ("0", "1")
        assert "DesiredCapacity" not in group


def test_a_fleet_is_bound_to_one_zone_and_may_choose_among_many_types(stack: Template) -> None:
    for fleet in _fleets(stack):
        (config,) = fleet["LaunchTemplateConfigs"]
        assert len({json.dumps(each["SubnetId"]) for each in config["Overrides"]}) == 1
        assert 8 <= len({each["InstanceType"] for each in config["Overrides"]}) <= 12
        assert fleet["Type"] == "maintain"
        assert fleet["AllocationStrategy"] == "priceCapacityOptimized"
        assert fleet["InstanceInterruptionBehavior"] == "terminate"
        assert "SpotPrice" not in fleet
    subnets = {json.dumps(each["LaunchTemplateConfigs"][0]["Overrides"][0]) for each in _fleets(stack)}
    assert len(subnets) == 2


def test_a_template_version_is_a_number_that_cloudformation_knows(stack: Template) -> None:
    for fleet in _fleets(stack):
        specification = fleet["LaunchTemplateConfigs"][0]["LaunchTemplateSpecification"]
        assert specification["Version"]["Fn::GetAtt"][1] == "LatestVersionNumber"


def test_the_other_engine_never_has_two_machines_by_rebalancing(unlike: Template) -> None:
    assert not _fleets(unlike)
    groups = _properties(unlike, "AWS::AutoScaling::AutoScalingGroup")
    assert len(groups) == 3
    for group in groups:
        assert group["CapacityRebalance"] is False
        policy = group["MixedInstancesPolicy"]
        assert policy["InstancesDistribution"]["SpotAllocationStrategy"] == "price-capacity-optimized"
        assert policy["InstancesDistribution"]["SpotMaxPrice"] == "0.25"
        (wanted,) = policy["LaunchTemplate"]["Overrides"]
        assert wanted["InstanceRequirements"]["VCpuCount"] == {"Min": 8, "Max": 8}
        assert wanted["InstanceRequirements"]["MemoryMiB"] == {"Min": 32768}


def test_the_machine_gives_its_credentials_only_to_who_asks_twice_and_its_root_is_encrypted(
    stack: Template,
) -> None:
    launch = _launch(stack)
    assert launch["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    (disk,) = launch["BlockDeviceMappings"]
    assert disk["Ebs"] == {"VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    assert "InstanceMarketOptions" not in launch
    assert "NetworkInterfaces" not in launch


def _volume_tags(template: Template) -> list[dict[str, str]]:
    told = _launch(template)["TagSpecifications"]
    (tags,) = (each["Tags"] for each in told if each["ResourceType"] == "volume")
    return list(tags)


def test_a_root_disk_cannot_be_taken_for_the_one_with_the_data(stack: Template) -> None:
    (tags,) = (
        each["Tags"] for each in _launch(stack)["TagSpecifications"] if each["ResourceType"] == "volume"
    )
    assert {each["Key"] for each in tags} == {"Name"}


def test_user_data_is_a_few_lines_of_settings(stack: Template, unlike: Template) -> None:
    text = _text(_launch(stack)["UserData"]["Fn::Base64"])
    assert text.startswith("#cloud-config\n")
    assert len(text.splitlines()) < 20
    assert "CT_NAME=cloudtop\n" in text
    assert "CT_IDLE_SECONDS=1800" in text
    assert "$" not in text
    assert "CT_IDLE_SECONDS=0" in _text(_launch(unlike)["UserData"]["Fn::Base64"])


def test_nothing_is_let_in_unless_an_endpoint_is_asked_for(stack: Template, unlike: Template) -> None:
    kinds = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::InstanceConnectEndpoint", "AWS::EC2::NatGateway")
    for kind in kinds:
        stack.resource_count_is(kind, 0)
    assert all("SecurityGroupIngress" not in each for each in _properties(stack, "AWS::EC2::SecurityGroup"))
    (rule,) = _properties(unlike, "AWS::EC2::SecurityGroupIngress")
    assert (rule["FromPort"], rule["ToPort"]) == (22, 22)
    assert "SourceSecurityGroupId" in rule
    assert "CidrIp" not in rule


def test_the_volume_outlives_everything_and_its_zone_is_pinned(aws: Synthesised) -> None:
    resources = aws.stacks["EverydayCloudtopData"]["Resources"]
    volume = resources["Volume"]  # another logical id would be another, empty volume
    assert (volume["DeletionPolicy"], volume["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert volume["Properties"]["AvailabilityZone"] == "us-east-1a"
    assert volume["Properties"]["Encrypted"] is True
    assert volume["Properties"]["VolumeType"] == "gp3"
    tags = {each["Key"]: each["Value"] for each in volume["Properties"]["Tags"]}
    assert tags == {"Name": "cloudtop", "ct:name": "cloudtop", "ct:home": "yes", "ct:first-use": "yes"}
    manifest = json.loads((aws.folder / "manifest.json").read_text())["artifacts"]
    assert manifest["EverydayCloudtopData"]["properties"]["terminationProtection"] is True


def test_the_table_can_be_had_back_as_it_was(data: Template) -> None:
    data.has_resource(
        "AWS::DynamoDB::Table",
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "DeletionProtectionEnabled": True,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        },
    )


def test_the_volume_has_snapshots_of_every_hour_and_every_night(stack: Template) -> None:
    (policy,) = _properties(stack, "AWS::DLM::LifecyclePolicy")
    details = policy["PolicyDetails"]
    assert details["TargetTags"] == [{"Key": "ct:home", "Value": "yes"}]
    kept = {each["Name"]: each["RetainRule"]["Count"] for each in details["Schedules"]}
    assert kept == {"hourly": 24, "nightly": 14}
    assert all(each["CopyTags"] for each in details["Schedules"])


def _statements(template: Template, role: str) -> list[dict[str, Any]]:
    found = []
    for policy in _properties(template, "AWS::IAM::Policy"):
        if role in json.dumps(policy["Roles"]):
            found += policy["PolicyDocument"]["Statement"]
    return found


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return action if isinstance(action, list) else [action]


def test_the_machine_handles_only_the_volume_with_the_data(stack: Template) -> None:
    home = {"ec2:ResourceTag/ct:name": "cloudtop", "ec2:ResourceTag/ct:home": "yes"}
    seen = set()
    for statement in _statements(stack, "Access"):
        if "volume/*" in json.dumps(statement["Resource"]):
            assert statement["Condition"]["StringEquals"] == home
            seen |= set(_actions(statement))
    assert seen == {"ec2:AttachVolume", "ec2:DetachVolume", "ec2:CreateSnapshot", "ec2:CreateTags"}


def test_the_machine_writes_only_the_tags_of_its_formatting(stack: Template) -> None:
    (statement,) = (
        each
        for each in _statements(stack, "Access")
        if _actions(each) == ["ec2:CreateTags"] and "volume/*" in json.dumps(each["Resource"])
    )
    written = statement["Condition"]["ForAllValues:StringEquals"]
    assert written == {"aws:TagKeys": ["ct:formatting", "ct:formatted"]}


def test_the_machine_has_no_right_over_fleets_and_of_the_table_three_items_only(stack: Template) -> None:
    statements = _statements(stack, "Access")
    actions = {action for each in statements for action in _actions(each)}
    assert not [each for each in actions if "Fleet" in each or "Terminate" in each or "Run" in each]
    keys = {
        action: each["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
        for each in statements
        for action in _actions(each)
        if action.startswith("dynamodb:")
    }
    assert keys == {
        "dynamodb:GetItem": ["home", "wish", "lease"],
        "dynamodb:PutItem": ["lease"],
        "dynamodb:DeleteItem": ["lease"],
        "dynamodb:UpdateItem": ["report"],
    }


def test_the_keeper_ends_only_our_machines_and_asks_only_our_fleets(
    stack: Template, unlike: Template
) -> None:
    for template, change in (
        (stack, "ec2:ModifySpotFleetRequest"),
        (unlike, "autoscaling:UpdateAutoScalingGroup"),
    ):
        by_action = {
            action: each for each in _statements(template, "CloudtopKeeper") for action in _actions(each)
        }
        ends = by_action["ec2:TerminateInstances"]
        assert ends["Condition"] == {"StringEquals": {"ec2:ResourceTag/ct:name": "cloudtop"}}
        assert "*" not in _listed(by_action[change]["Resource"])
        assert len(_listed(by_action[change]["Resource"])) == len(_told(template).fleets)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_owners_settings_reach_the_keeper(stack: Template, unlike: Template) -> None:
    told = _told(stack)
    assert (told.name, told.engine, told.zone) == ("cloudtop", "spot-fleet", "us-east-1a")
    assert [each.split("=")[0] for each in told.fleets] == ["us-east-1a", "us-east-1b"]
    assert (told.domain, told.hosted_zone) == ("box.example.org", "Z0123456789")
    assert (told.fallback, told.patience_seconds) == (True, 300)
    other = _told(unlike)
    assert (other.engine, other.zone, other.domain) == ("auto-scaling", "eu-central-1b", "")
    assert (other.fallback, other.patience_seconds) == (False, 600)


def test_the_keeper_writes_into_the_owners_zone_only_when_there_is_a_name(
    stack: Template, unlike: Template
) -> None:
    change = "route53:ChangeResourceRecordSets"
    (statement,) = (each for each in _statements(stack, "CloudtopKeeper") if change in _actions(each))
    assert _text(statement["Resource"]).endswith("hostedzone/Z0123456789")
    assert not [each for each in _statements(unlike, "CloudtopKeeper") if change in _actions(each)]


def test_the_keeper_looks_every_minute_and_when_ec2_says_something(stack: Template) -> None:
    rules = _properties(stack, "AWS::Events::Rule")
    (tick,) = (each for each in rules if "ScheduleExpression" in each)
    assert tick["ScheduleExpression"] == "rate(1 minute)"
    assert json.loads(tick["Targets"][0]["Input"]) == {"look": "tick"}
    (told,) = (each["EventPattern"] for each in rules if "EventPattern" in each)
    assert "EC2 Spot Instance Interruption Warning" in told["detail-type"]
    assert {"aws.ec2", "aws.ec2spotfleet"} <= set(told["source"])


def test_it_goes_up_and_down_at_the_owners_hours(stack: Template, unlike: Template) -> None:
    schedules = {
        json.loads(each["Target"]["Input"])["wish"]: each
        for each in _properties(stack, "AWS::Scheduler::Schedule")
    }
    assert schedules["up"]["ScheduleExpression"] == "cron(30 08 ? * MON-FRI *)"
    assert schedules["down"]["ScheduleExpression"] == "cron(00 19 ? * MON-FRI *)"
    assert {each["ScheduleExpressionTimezone"] for each in schedules.values()} == {"Europe/Berlin"}
    unlike.resource_count_is("AWS::Scheduler::Schedule", 0)


def test_over_the_cap_the_keeper_is_told_by_the_bill(stack: Template, unlike: Template) -> None:
    (budget,) = _properties(stack, "AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 50, "Unit": "USD"}
    (told,) = budget["NotificationsWithSubscribers"]
    assert told["Notification"]["NotificationType"] == "ACTUAL"
    (subscription,) = _properties(stack, "AWS::SNS::Subscription")
    assert subscription["Protocol"] == "lambda"
    assert subscription["TopicArn"] == told["Subscribers"][0]["Address"]
    unlike.resource_count_is("AWS::Budgets::Budget", 0)


def test_the_image_is_baked_by_the_script_that_the_tests_run(stack: Template, unlike: Template) -> None:
    text = _text(_properties(stack, "AWS::ImageBuilder::Component")[0]["Data"])
    document = json.loads(text)
    provision = document["phases"][0]["steps"][1]["inputs"]["commands"]
    (line,) = (each for each in provision if "image/provision" in each)
    assert "CT_PACKAGES='git tmux vim'" in line
    assert "CT_DOTFILES=https://git.example.org/dotfiles" in line
    assert """CT_DOTFILES_INSTALL='./install.sh '"'"'all of it'"'"''""" in line
    other = _text(_properties(unlike, "AWS::ImageBuilder::Component")[0]["Data"])
    assert "CT_PACKAGES='ripgrep nodejs' CT_DOCKER=no" in other


def test_another_image_has_another_name_and_the_same_one_the_same(synth: Synth) -> None:
    def name(image: str) -> str:
        config = Config(photos=Photos(enabled=False), cloudtop=Cloudtop(enabled=True, image=image))
        template = synth(config, stage="aws").template("EverydayCloudtop")
        return str(_properties(template, "AWS::ImageBuilder::ImageRecipe")[0]["Name"])

    assert name("1") == name("1") != name("2")


def test_silence_of_the_keeper_rings(stack: Template) -> None:
    stack.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "MetricName": "Invocations",
            "TreatMissingData": "breaching",
            "AlarmDescription": Match.string_like_regexp("Nobody looks after the CloudTop"),
        },
    )


def test_a_zone_of_another_region_is_refused(synth: Synth) -> None:
    config = Config(cloudtop=Cloudtop(enabled=True, zones=("eu-west-1a",)))
    with pytest.raises(SettingsError, match="eu-west-1a is not in everyday"):
        synth(config, stage="aws")


def test_a_name_without_its_zone_is_refused(synth: Synth) -> None:
    config = Config(cloudtop=Cloudtop(enabled=True, domain="box.example.org"))
    with pytest.raises(SettingsError, match="set both, or neither"):
        synth(config, stage="aws")


@pytest.mark.parametrize(
    "wrong",
    [
        {"zones": ("us-east-1",)},
        {"instance_types": ("m6i.xlarge", "m6g.xlarge")},
        {"max_price": "ten"},
        {"idle_after": "soon"},
        {"start_at": "25:00"},
        {"days": "Monday"},
        {"packages": ("vim; reboot",)},
        {"dotfiles": "git@example.org:d.git"},
        {"dotfiles_install": "a\nb"},
        {"volume_gib": 7},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Cloudtop(**wrong)
