"""What the templates promise, one by one."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Capture, Match, Template

from stacks.config import Config, Photos
from tests.stacks.conftest import CONFIG, Synth, Synthesised


@pytest.fixture(scope="session")
def data(aws: Synthesised) -> Template:
    return aws.template("EverydayData")


@pytest.fixture(scope="session")
def photos(aws: Synthesised) -> Template:
    return aws.template("EverydayPhotos")


@pytest.fixture(scope="session")
def alarms(aws: Synthesised) -> Template:
    return aws.template("EverydayAlarms")


def test_logical_ids_of_what_is_kept_never_change(data: Template) -> None:
    """A changed id is a new, empty resource beside the old one: change this list only on purpose."""
    assert sorted(data.to_json()["Resources"]) == [
        "ArchiveDA4CB258",
        "ArchivePolicyC780D5C8",
        "Catalog742F25FD",
        "GhostSecretD623227E",
        "InstagramSecret11350359",
    ]


def test_outputs_are_the_command_lines_address_book(data: Template, photos: Template) -> None:
    own = {name for name in data.to_json()["Outputs"] if not name.startswith("Exports")}
    assert own == {"ArchiveBucket", "CatalogTable", "InstagramSecret", "GhostSecret"}
    assert set(photos.to_json()["Outputs"]) == {
        "PhotoBackup",
        "PhotoPost",
        "TokenRefresh",
        "PhotosBus",
        "PostQueueUrl",
        "DeadLettersUrl",
    }


def test_the_archive_is_private_encrypted_and_versioned(data: Template) -> None:
    data.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": dict.fromkeys(
                ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
            ),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": Match.object_like(
                {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                    ]
                }
            ),
        },
    )


@pytest.mark.parametrize(
    "condition",
    [{"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": 1.2}}],
)
def test_the_archive_is_reached_over_tls_only(data: Template, condition: dict[str, Any]) -> None:
    statement = Match.object_like({"Effect": "Deny", "Condition": condition, "Principal": {"AWS": "*"}})
    data.has_resource_properties(
        "AWS::S3::BucketPolicy", {"PolicyDocument": {"Statement": Match.array_with([statement])}}
    )


def test_the_archive_grows_cold_and_never_forgets(data: Template) -> None:
    rules = Capture()
    data.has_resource_properties("AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": rules}})
    by_name = {rule["Id"]: rule for rule in rules.as_array()}
    assert by_name["Cold"]["Transitions"] == [{"StorageClass": "GLACIER_IR", "TransitionInDays": 30}]
    assert by_name["BrokenUploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert by_name["OldVersions"]["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] == 10
    assert not any("ExpirationInDays" in rule or "ExpirationDate" in rule for rule in by_name.values())


def test_the_catalog_can_be_restored_and_costs_nothing_at_rest(data: Template) -> None:
    data.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        },
    )


@pytest.mark.parametrize(("index", "partition"), [("todo", "work"), ("timeline", "all")])
def test_the_catalog_has_the_indexes_its_queries_name(data: Template, index: str, partition: str) -> None:
    keys = [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": "taken_at", "KeyType": "RANGE"},
    ]
    wanted = {"IndexName": index, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    data.has_resource_properties(
        "AWS::DynamoDB::Table", {"GlobalSecondaryIndexes": Match.array_with([wanted])}
    )


def test_secrets_are_made_empty(data: Template) -> None:
    data.resource_count_is("AWS::SecretsManager::Secret", 2)
    data.all_resources_properties(
        "AWS::SecretsManager::Secret",
        {"GenerateSecretString": Match.absent(), "SecretString": Match.absent()},
    )


def test_no_secret_reaches_a_template_or_an_environment(elsewhere: Synthesised) -> None:
    written = [path for path in elsewhere.folder.rglob("*.json") if not path.parent.name.startswith("asset.")]
    assert len(written) >= 8
    assert not [path for path in written if "canary-" in path.read_text()]


def test_functions_run_the_newest_python_on_arm_and_log_json(photos: Template) -> None:
    photos.resource_count_is("AWS::Lambda::Function", 3)
    photos.all_resources_properties(
        "AWS::Lambda::Function",
        {
            "Runtime": "python3.14",
            "Architectures": ["arm64"],
            "Handler": "handler.handle",
            "Layers": [Match.any_value(), Match.any_value()],
            "LoggingConfig": {
                "LogFormat": "JSON",
                "ApplicationLogLevel": "INFO",
                "SystemLogLevel": "WARN",
                "LogGroup": Match.any_value(),
            },
            # A fresh account has ten concurrent executions and cannot give any away.
            "ReservedConcurrentExecutions": Match.absent(),
        },
    )


@pytest.mark.parametrize(
    ("variable", "seconds", "memory"),
    [("BUS_NAME", 900, 1024), ("GHOST_URL", 300, 1024), ("INSTAGRAM_URL", 300, 256)],
)
def test_each_function_has_the_time_and_memory_of_its_work(
    photos: Template, variable: str, seconds: int, memory: int
) -> None:
    photos.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "Timeout": seconds,
            "MemorySize": memory,
            "Environment": {"Variables": Match.object_like({variable: Match.any_value()})},
        },
    )


@pytest.mark.parametrize("megabytes", [1, 200, 2000])
def test_the_largest_video_fits_into_tmp(synth: Synth, megabytes: int) -> None:
    config = Config(photos=Photos(max_video_mb=megabytes))
    functions = synth(config, stage="aws").resources("AWS::Lambda::Function")
    (mebibytes,) = (
        each["Properties"]["EphemeralStorage"]["Size"]
        for _, each in functions
        if "EphemeralStorage" in each["Properties"]
    )
    assert megabytes * 1_000_000 + 300 * 2**20 < mebibytes * 2**20
    assert mebibytes <= 10_240


def test_each_function_keeps_a_log_of_its_own_for_a_month(photos: Template) -> None:
    photos.resource_count_is("AWS::Logs::LogGroup", 3)
    photos.all_resources_properties("AWS::Logs::LogGroup", {"RetentionInDays": 30})


def test_the_settings_of_the_owner_reach_the_functions(synth: Synth) -> None:
    from datetime import date

    from everyday.settings import PostSettings

    owner = Photos(
        status="published",
        tags=("a", "b c"),
        post_since=date(2020, 2, 29),
        max_video_mb=7,
        feature_image=False,
    )
    functions = synth(Config(photos=owner), stage="aws").resources("AWS::Lambda::Function")
    variables = next(
        each["Properties"]["Environment"]["Variables"]
        for _, each in functions
        if "GHOST_URL" in each["Properties"]["Environment"]["Variables"]
    )
    told = PostSettings.from_env(
        {name: value if isinstance(value, str) else "resolved" for name, value in variables.items()}
    )
    assert (told.post_status, told.post_tags, told.post_author) == ("published", ("a", "b c"), None)
    assert told.post_since is not None
    assert told.post_since.isoformat() == "2020-02-29T00:00:00+00:00"
    assert told.max_video_bytes == 7_000_000
    assert not told.feature_image


def test_the_queue_waits_longer_than_its_reader_and_gives_up_into_dead_letters(photos: Template) -> None:
    photos.has_resource_properties(
        "AWS::SQS::Queue",
        {
            "VisibilityTimeout": 6 * 300,
            "RedrivePolicy": {"maxReceiveCount": 5, "deadLetterTargetArn": Match.any_value()},
        },
    )
    photos.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {
            "ScalingConfig": {"MaximumConcurrency": 2},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BatchSize": 5,
        },
    )


def _rules(photos: Template) -> list[dict[str, Any]]:
    return [each["Properties"] for each in photos.find_resources("AWS::Events::Rule").values()]


def test_schedules_come_from_the_settings(synth: Synth) -> None:
    config = Config(photos=Photos(backup_every="90 minutes", sweep_every="2 days"))
    rules = _rules(synth(config, stage="aws").template("EverydayPhotos"))
    schedules = {rule["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule}
    assert schedules == {"rate(90 minutes)", "rate(2 days)", "rate(1 day)"}


def test_an_account_without_the_api_has_no_schedule_and_no_alarm_for_it(synth: Synth) -> None:
    photos = synth(Config(photos=Photos(api=False, sweep_every="2 days")), stage="aws").template(
        "EverydayPhotos"
    )
    schedules = {rule["ScheduleExpression"] for rule in _rules(photos) if "ScheduleExpression" in rule}
    alarms = photos.find_resources("AWS::CloudWatch::Alarm").values()
    assert schedules == {"rate(2 days)"}
    assert not [each for each in alarms if each["Properties"].get("MetricName") == "TokenDaysLeft"]


def test_a_sweep_is_a_message_in_the_queue(photos: Template) -> None:
    inputs = [target["Input"] for rule in _rules(photos) for target in rule["Targets"] if "Input" in target]
    assert [json.loads(each) for each in inputs] == [{"sweep": True}]


def test_the_rules_listen_to_the_words_that_the_functions_say(photos: Template) -> None:
    from everyday.photos import messages

    patterns = [rule["EventPattern"] for rule in _rules(photos) if "EventPattern" in rule]
    assert {source for each in patterns for source in each["source"]} == {messages.SOURCE}
    assert sorted(kind for each in patterns for kind in each["detail-type"]) == sorted(
        [messages.STORED, messages.CONTINUE]
    )


@pytest.mark.parametrize("kind", ["photo.stored", "backup.continue"])
def test_events_are_routed_on_the_own_bus(photos: Template, kind: str) -> None:
    photos.has_resource_properties(
        "AWS::Events::Rule",
        {
            "EventBusName": Match.any_value(),
            "EventPattern": {"source": ["everyday.photos"], "detail-type": [kind]},
        },
    )


def test_every_asynchronous_path_ends_in_dead_letters(photos: Template) -> None:
    (dead,) = photos.find_resources("AWS::SQS::Queue", {"Properties": {"RedrivePolicy": Match.absent()}})
    arn = {"Fn::GetAtt": [dead, "Arn"]}
    targets = [target for rule in _rules(photos) for target in rule["Targets"]]
    assert len(targets) == 5
    assert all(target["DeadLetterConfig"] == {"Arn": arn} for target in targets)
    invoked = photos.find_resources("AWS::Lambda::EventInvokeConfig").values()
    assert len(invoked) == 2
    for each in invoked:
        properties = each["Properties"]
        assert properties["DestinationConfig"] == {"OnFailure": {"Destination": arn}}
        assert properties["MaximumEventAgeInSeconds"] <= 3600
        assert properties["MaximumRetryAttempts"] <= 2


def test_dead_letters_and_failures_ring(photos: Template) -> None:
    alarms = [each["Properties"] for each in photos.find_resources("AWS::CloudWatch::Alarm").values()]
    watched = sorted(each["MetricName"] for each in alarms)
    assert watched == [
        "ApproximateNumberOfMessagesVisible",
        "Errors",
        "Errors",
        "Errors",
        "TokenDaysLeft",
        "TokenDaysLeft",
    ]
    assert all(each["AlarmActions"] and each["AlarmDescription"] for each in alarms)


def test_a_dying_token_rings_ten_days_before_its_end_and_a_silent_one_after_three_days(
    photos: Template,
) -> None:
    day = 24 * 60 * 60
    common = {"Namespace": "Everyday/Photos", "MetricName": "TokenDaysLeft", "Period": day}
    below = {**common, "ComparisonOperator": "LessThanThreshold"}
    photos.has_resource_properties(
        "AWS::CloudWatch::Alarm", {**below, "Statistic": "Minimum", "Threshold": 10, "EvaluationPeriods": 1}
    )
    photos.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            **below,
            "Statistic": "SampleCount",
            "Threshold": 1,
            "EvaluationPeriods": 3,
            "TreatMissingData": "breaching",
        },
    )


def test_queues_and_topic_refuse_what_is_not_encrypted(photos: Template, alarms: Template) -> None:
    deny = Match.object_like({"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    policy = {"PolicyDocument": {"Statement": Match.array_with([deny])}}
    photos.resource_properties_count_is("AWS::SQS::QueuePolicy", policy, 2)
    alarms.resource_properties_count_is("AWS::SNS::TopicPolicy", policy, 1)


def test_alarms_and_budgets_may_publish_although_the_topic_has_a_policy(alarms: Template) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "sns:Publish",
        "Principal": {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]},
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    alarms.has_resource_properties(
        "AWS::SNS::TopicPolicy",
        {"PolicyDocument": {"Statement": Match.array_with([Match.object_like(statement)])}},
    )


def test_the_owner_is_mailed_and_the_bill_is_watched(alarms: Template) -> None:
    alarms.has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "owner@example.org"}
    )
    alarms.has_resource_properties(
        "AWS::Budgets::Budget",
        {
            "Budget": {
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": CONFIG.budget_usd, "Unit": "USD"},
            }
        },
    )
