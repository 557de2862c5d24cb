"""What the templates of `jobs` promise, one by one."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template
from pydantic import ValidationError

from everyday.settings import ClusterSettings, IngestSettings, SchedulerSettings, Settings
from stacks.config import Config, Jobs, Photos
from tests.stacks.conftest import LOCAL, Synth, Synthesised

CLUSTER = {
    "Fn::Join": [
        "",
        [
            "arn:",
            {"Ref": "AWS::Partition"},
            ":ecs:us-east-1:",
            {"Ref": "AWS::AccountId"},
            ":cluster/everyday",
        ],
    ]
}


@pytest.fixture(scope="session")
def data(aws: Synthesised) -> Template:
    return aws.template("EverydayJobsData")


@pytest.fixture(scope="session")
def jobs(aws: Synthesised) -> Template:
    return aws.template("EverydayJobs")


@pytest.fixture(scope="session")
def unlike(synth: Synth) -> Template:
    """The stack of an owner whose settings are none of the defaults."""
    owner = Jobs(
        enabled=True,
        instance_types=("c7i.large",),
        spot=False,
        max_instances=7,
        families=("nightly", "everyday-*"),
        class_step="90 minutes",
        policies=("strict", "reserve", "greedy"),
        queues={"a": 3, "b": 1},
        fairness="10 minutes",
        starve_after="2 hours",
        keep_days=21,
    )
    return synth(Config(photos=Photos(enabled=False), jobs=owner), stage="aws").template("EverydayJobs")


def _properties(template: Template, kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in template.find_resources(kind).values()]


def _function(template: Template, name: str) -> dict[str, Any]:
    found = template.find_resources("AWS::Lambda::Function")
    (only,) = (each["Properties"] for key, each in found.items() if key.startswith(name))
    return dict(only)


def _told(template: Template, name: str, kind: type[Settings]) -> Any:
    """A function's settings as it would read them, what is known at deployment only as `resolved`."""
    variables = _function(template, name)["Environment"]["Variables"]
    return kind.from_env(
        {key: each if isinstance(each, str) else "resolved" for key, each in variables.items()}
    )


def test_logical_ids_of_what_is_kept_never_change(data: Template) -> None:
    """A changed id is a new, empty resource beside the old one: change this list only on purpose."""
    assert sorted(data.to_json()["Resources"]) == ["LedgerB7379752"]


def test_outputs_are_the_command_lines_address_book(data: Template, jobs: Template) -> None:
    assert "JobsTable" in data.to_json()["Outputs"]
    assert set(jobs.to_json()["Outputs"]) == {
        "JobIngest",
        "JobScheduler",
        "ClusterSnapshot",
        "JobsQueueUrl",
        "WakeQueueUrl",
        "EventsQueueUrl",
        "JobsDeadLettersUrl",
        "Clusters",
        "TaskExecutionRole",
        "TaskRole",
        "TaskLogs",
    }


def test_no_output_hides_another_stacks(aws: Synthesised) -> None:
    """Local mode reads the outputs of all stacks as one list."""
    names = [name for template in aws.stacks.values() for name in template.get("Outputs", {})]
    assert len(names) == len(set(names))


def test_the_ledger_can_be_restored_forgets_and_costs_nothing_at_rest(data: Template) -> None:
    data.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        },
    )


def test_the_ledgers_index_holds_what_a_list_shows_and_nothing_that_only_starting_needs(
    data: Template,
) -> None:
    (table,) = _properties(data, "AWS::DynamoDB::Table")
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "lanes",
            "KeySchema": [
                {"AttributeName": "lane", "KeyType": "HASH"},
                {"AttributeName": "sort", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["doc", "version"]},
        }
    ]


def test_a_wake_blocks_its_cluster_hardly_longer_than_a_pass_may_take(jobs: Template) -> None:
    timeout = _function(jobs, "JobScheduler")["Timeout"]
    (wakes,) = (
        each for each in _properties(jobs, "AWS::SQS::Queue") if each.get("ContentBasedDeduplication")
    )
    assert wakes["FifoQueue"]
    assert timeout < wakes["VisibilityTimeout"] <= timeout + 15
    assert wakes["RedrivePolicy"]["maxReceiveCount"] == 3


def test_a_job_comes_back_soon_and_outlasts_a_ledger_that_is_away_for_hours(jobs: Template) -> None:
    timeout = _function(jobs, "JobIngest")["Timeout"]
    (queue,) = (
        each["Properties"]
        for key, each in jobs.find_resources("AWS::SQS::Queue").items()
        if key.startswith("JobsQueue")
    )
    assert timeout < queue["VisibilityTimeout"] <= timeout + 15
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 3 * 3600


def test_what_a_fifo_queue_gives_up_goes_to_a_fifo_queue(jobs: Template) -> None:
    queues = jobs.find_resources("AWS::SQS::Queue")
    for queue in queues.values():
        if "RedrivePolicy" in queue["Properties"]:
            (dead, _) = queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
            taker = queues[dead]["Properties"]
            assert taker.get("FifoQueue") == queue["Properties"].get("FifoQueue")
            assert taker["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_every_queue_refuses_what_is_not_encrypted(jobs: Template) -> None:
    deny = Match.object_like({"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    policy = {"PolicyDocument": {"Statement": Match.array_with([deny])}}
    jobs.resource_count_is("AWS::SQS::Queue", 5)
    jobs.resource_properties_count_is("AWS::SQS::QueuePolicy", policy, 5)


def test_a_bad_message_fails_alone_and_the_copies_are_bounded(jobs: Template) -> None:
    mappings = _properties(jobs, "AWS::Lambda::EventSourceMapping")
    assert len(mappings) == 3
    assert all(each["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for each in mappings)
    assert sorted(each.get("ScalingConfig", {}).get("MaximumConcurrency", 0) for each in mappings) == [
        0,
        2,
        3,
    ]


def _rules(template: Template) -> dict[str, dict[str, Any]]:
    found = template.find_resources("AWS::Events::Rule")
    return {key[len("Rules") : -8]: each["Properties"] for key, each in found.items()}


def test_the_clock_wakes_each_cluster_every_minute_with_a_body_that_is_never_the_same(jobs: Template) -> None:
    tick = _rules(jobs)["Tick"]
    (target,) = tick["Targets"]
    assert tick["ScheduleExpression"] == "rate(1 minute)"
    assert target["SqsParameters"] == {"MessageGroupId": "everyday"}
    assert target["InputTransformer"] == {
        "InputPathsMap": {"id": "$.id"},
        "InputTemplate": '{"cluster":"everyday","tick":<id>}',
    }


def test_each_cluster_is_read_whole_every_five_minutes(jobs: Template) -> None:
    reconcile = _rules(jobs)["Reconcile"]
    (target,) = reconcile["Targets"]
    assert reconcile["ScheduleExpression"] == "rate(5 minutes)"
    assert target["InputTransformer"]["InputTemplate"] == '{"reconcile":"everyday","tick":<id>}'


@pytest.mark.parametrize(("stage", "sources"), [("aws", ["aws.ecs"]), ("local", ["aws.ecs", "everyday.ecs"])])
def test_what_happens_in_the_cluster_and_nowhere_else_is_heard(
    stage: str, sources: list[str], aws: Synthesised, local: Synthesised
) -> None:
    changes = _rules({"aws": aws, "local": local}[stage].template("EverydayJobs"))["Changes"]["EventPattern"]
    assert changes["source"] == sources
    assert changes["detail-type"] == ["ECS Task State Change", "ECS Container Instance State Change"]
    (arn,) = changes["detail"]["clusterArn"]
    assert arn["Fn::Join"][1][-1] == ":cluster/everyday"


def test_what_cannot_be_handed_over_is_kept(jobs: Template) -> None:
    targets = [target for rule in _rules(jobs).values() for target in rule["Targets"]]
    assert len(targets) == 3
    assert len({json.dumps(target["DeadLetterConfig"]) for target in targets}) == 1


def test_existing_clusters_are_used_and_none_is_made(synth: Synth) -> None:
    config = Config(photos=Photos(enabled=False), jobs=Jobs(enabled=True, clusters=("batch", "video")))
    jobs = synth(config, stage="aws").template("EverydayJobs")
    for kind in ("AWS::ECS::Cluster", "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate"):
        jobs.resource_count_is(kind, 0)
    groups = [each["SqsParameters"]["MessageGroupId"] for each in _rules(jobs)["Tick"]["Targets"]]
    assert groups == ["batch", "video"]
    assert len(_rules(jobs)["Changes"]["EventPattern"]["detail"]["clusterArn"]) == 2
    told = _told(jobs, "JobScheduler", SchedulerSettings)
    assert (told.clusters, told.groups) == (("batch", "video"), ())
    assert "SetDesiredCapacity" not in json.dumps(jobs.to_json())


def test_the_settings_of_the_owner_reach_the_functions(unlike: Template) -> None:
    ingest = _told(unlike, "JobIngest", IngestSettings)
    assert (ingest.families, ingest.class_step_seconds) == (("nightly", "everyday-*"), 5400)
    scheduler = _told(unlike, "JobScheduler", SchedulerSettings)
    assert scheduler.policies == ("strict", "reserve", "greedy")
    assert scheduler.weights == ("a=3", "b=1")
    assert (scheduler.fairness_seconds, scheduler.starve_after_seconds) == (600, 7200)
    snapshot = _told(unlike, "ClusterSnapshot", ClusterSettings)
    assert {each.keep_days for each in (ingest, scheduler, snapshot)} == {21}


def test_a_job_is_remembered_for_as_long_as_its_message_may_come_again(jobs: Template) -> None:
    """SQS developer guide: a dead-letter queue too counts from when the message was sent."""
    longest = max(each["MessageRetentionPeriod"] for each in _properties(jobs, "AWS::SQS::Queue"))
    days = longest // (24 * 3600)
    assert Jobs(keep_days=days).keep_days == days
    with pytest.raises(ValidationError):
        Jobs(keep_days=days - 1)


def test_a_function_asks_valkey_over_tls_with_a_secret_that_no_template_holds(jobs: Template) -> None:
    for name in ("JobScheduler", "ClusterSnapshot"):
        variables = _function(jobs, name)["Environment"]["Variables"]
        (scheme, address, port) = variables["STATE_URL"]["Fn::Join"][1]
        assert (scheme, port) == ("rediss://", ":6380")
        assert address["Fn::GetAtt"][1] == "PrimaryEndPoint.Address"
        assert "Ref" in variables["STATE_SECRET"]
    (secret,) = _properties(jobs, "AWS::SecretsManager::Secret")
    assert "SecretString" not in secret
    assert secret["GenerateSecretString"]["PasswordLength"] == 64


def test_valkey_is_the_smallest_node_encrypted_and_forgets_nothing_silently(jobs: Template) -> None:
    jobs.has_resource_properties(
        "AWS::ElastiCache::ReplicationGroup",
        {
            "Engine": "valkey",
            "CacheNodeType": "cache.t4g.micro",
            "NumCacheClusters": 1,
            "TransitEncryptionEnabled": True,
            "AtRestEncryptionEnabled": True,
            "AuthToken": {"Fn::Join": ["", Match.array_with([":SecretString:password::}}"])]},
            "SnapshotRetentionLimit": 0,
        },
    )
    jobs.has_resource_properties(
        "AWS::ElastiCache::ParameterGroup", {"Properties": {"maxmemory-policy": "noeviction"}}
    )


def test_only_the_functions_reach_valkey_and_nothing_else_is_let_in(jobs: Template) -> None:
    groups = _properties(jobs, "AWS::EC2::SecurityGroup")
    (rules,) = (each["SecurityGroupIngress"] for each in groups if "SecurityGroupIngress" in each)
    (rule,) = rules
    (source, _) = rule["SourceSecurityGroupId"]["Fn::GetAtt"]
    assert source.startswith("NetworkFunctionsGroup")
    assert (rule["FromPort"], rule["ToPort"]) == (6380, 6380)
    assert len(groups) == 3


def test_nothing_in_the_network_costs_by_the_hour(jobs: Template) -> None:
    for kind in ("AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::FlowLog"):
        jobs.resource_count_is(kind, 0)
    assert {each["VpcEndpointType"] for each in _properties(jobs, "AWS::EC2::VPCEndpoint")} == {"Gateway"}


def test_functions_in_the_network_reach_aws_over_ipv6_and_dynamodb_through_its_gateway(
    jobs: Template,
) -> None:
    routes = [
        each
        for each in _properties(jobs, "AWS::EC2::Route")
        if each.get("DestinationIpv6CidrBlock") == "::/0"
    ]
    assert len([each for each in routes if "EgressOnlyInternetGatewayId" in each]) == 2
    for name in ("JobScheduler", "ClusterSnapshot"):
        function = _function(jobs, name)
        variables = function["Environment"]["Variables"]
        assert function["VpcConfig"]["Ipv6AllowedForDualStack"]
        assert variables["AWS_USE_DUALSTACK_ENDPOINT"] == "true"
        assert variables["AWS_ENDPOINT_URL_DYNAMODB"]["Fn::Join"][1][0] == "https://dynamodb.us-east-1."
    assert "VpcConfig" not in _function(jobs, "JobIngest")


def test_local_mode_may_run_its_own_samples_and_has_no_machines_to_ask_for(
    jobs: Template, local: Synthesised
) -> None:
    there, here = jobs, local.template("EverydayJobs")
    assert "everyday-sample" in _told(here, "JobIngest", IngestSettings).families
    assert "everyday-sample" not in _told(there, "JobIngest", IngestSettings).families
    assert _told(here, "JobScheduler", SchedulerSettings).groups == ()
    assert _told(there, "JobScheduler", SchedulerSettings).groups


def test_local_functions_stand_in_no_network_and_ask_for_no_secret(local: Synthesised) -> None:
    jobs = local.template("EverydayJobs")
    for name in ("JobScheduler", "ClusterSnapshot"):
        assert "VpcConfig" not in _function(jobs, name)
        told = _told(jobs, name, ClusterSettings)
        assert (told.state_url, told.state_secret) == (LOCAL["state_url"], None)
        assert told.ecs_url == LOCAL["ecs_url"]


def test_the_cluster_is_empty_at_rest_and_never_grows_beyond_the_owners_limit(unlike: Template) -> None:
    (group,) = _properties(unlike, "AWS::AutoScaling::AutoScalingGroup")
    assert (group["MinSize"], group["MaxSize"]) == ("0", "7")
    assert "DesiredCapacity" not in group


def test_instances_are_spot_unless_the_owner_says_no(jobs: Template, unlike: Template) -> None:
    for template, on_demand in ((jobs, 0), (unlike, 100)):
        (group,) = _properties(template, "AWS::AutoScaling::AutoScalingGroup")
        policy = group["MixedInstancesPolicy"]
        assert policy["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == on_demand


def test_spot_capacity_may_come_from_many_types(jobs: Template) -> None:
    (group,) = _properties(jobs, "AWS::AutoScaling::AutoScalingGroup")
    assert len(group["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]) >= 4


def test_an_instance_starts_from_the_newest_image_for_its_processor(jobs: Template, unlike: Template) -> None:
    for template, processor in ((jobs, "arm64/"), (unlike, "")):
        (launch,) = _properties(template, "AWS::EC2::LaunchTemplate")
        image = f"/aws/service/ecs/optimized-ami/amazon-linux-2023/{processor}recommended/image_id"
        assert launch["LaunchTemplateData"]["ImageId"] == f"resolve:ssm:{image}"


def test_an_instance_keeps_its_disk_encrypted_and_its_credentials_from_its_tasks(jobs: Template) -> None:
    (template,) = _properties(jobs, "AWS::EC2::LaunchTemplate")
    launch = template["LaunchTemplateData"]
    assert all(each["Ebs"]["Encrypted"] for each in launch["BlockDeviceMappings"])
    assert launch["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    lines = launch["UserData"]["Fn::Base64"]
    assert "ECS_CLUSTER=everyday" in lines
    assert "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true" in lines


def test_ecs_drains_instances_and_does_not_choose_how_many(jobs: Template) -> None:
    (provider,) = _properties(jobs, "AWS::ECS::CapacityProvider")
    group = provider["AutoScalingGroupProvider"]
    assert group["ManagedScaling"] == {"Status": "DISABLED"}
    assert group["ManagedDraining"] == "ENABLED"


def test_idle_instances_go_after_a_quarter_of_an_hour_and_the_owner_is_not_mailed(jobs: Template) -> None:
    alarms = _properties(jobs, "AWS::CloudWatch::Alarm")
    (idle,) = (each for each in alarms if each["MetricName"] == "MemoryReservation")
    (action,) = idle["AlarmActions"]
    policies = jobs.find_resources("AWS::AutoScaling::ScalingPolicy")
    policy = policies[action["Ref"]]["Properties"]
    assert (idle["Period"], idle["EvaluationPeriods"]) == (60, 15)
    assert idle["TreatMissingData"] == "notBreaching"
    assert policy["AdjustmentType"] == "ExactCapacity"
    assert policy["StepAdjustments"] == [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": 0}]


def test_failure_silence_and_waiting_ring(jobs: Template) -> None:
    alarms = {
        (each["Namespace"], each["MetricName"]): each
        for each in _properties(jobs, "AWS::CloudWatch::Alarm")
        if each["MetricName"] != "MemoryReservation"
    }
    assert {name for _, name in alarms} == {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
        "DatabaseMemoryUsagePercentage",
        "Errors",
        "Invocations",
        "OldestWaitSeconds",
    }
    assert alarms["AWS/Lambda", "Invocations"]["TreatMissingData"] == "breaching"
    assert alarms["everyday/jobs", "OldestWaitSeconds"]["Threshold"] == 24 * 3600
    for each in alarms.values():
        assert "ImportValue" in json.dumps(each["AlarmActions"])
        assert len(each["AlarmDescription"]) > 30


def test_functions_keep_a_log_for_a_month_and_so_do_tasks(jobs: Template) -> None:
    jobs.resource_count_is("AWS::Logs::LogGroup", 4)
    jobs.all_resources_properties("AWS::Logs::LogGroup", {"RetentionInDays": 30})
