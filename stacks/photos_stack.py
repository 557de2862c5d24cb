"""photos: Instagram to the archive and to the blog."""

from datetime import UTC, datetime, time

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration, Environment, Size, Stack
from constructs import Construct

from everyday.settings import BackupSettings, PostSettings, TokenSettings
from stacks import photos_access as access
from stacks.assets import Layers
from stacks.config import Photos
from stacks.constructs.thin_function import ThinFunction
from stacks.constructs.watch import Below, Watch
from stacks.constructs.work_queue import WorkQueue
from stacks.data_stack import DataStack
from stacks.outputs import publish
from stacks.stage import Stage
from stacks.table import interval

_MB = 1_000_000
_POST_TIMEOUT = Duration.minutes(5)


class PhotosStack(Stack):
    """Three functions, their schedules and events, one dead-letter queue, alarms."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        photos: Photos,
        data: DataStack,
        alarms: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id, env=Environment(region=stage.region))
        self._stage, self._photos, self._data = stage, photos, data
        self._layers = Layers(self, "Layers", stage=stage).all
        self._dead_letters = sqs.Queue(
            self, "DeadLetters", retention_period=Duration.days(14), enforce_ssl=True
        )
        self._bus = events.EventBus(self, "Bus")
        self._backup = self._photo_backup()
        self._post = self._photo_post()
        self._token = self._token_refresh()
        self._work = WorkQueue(self, "Post", timeout=_POST_TIMEOUT, dead_letters=self._dead_letters)
        self._work.drain(self._post.function, batch_size=5, max_concurrency=2)
        self._schedules()
        self._events()
        self._watch(alarms)
        self._outputs()

    def _photo_backup(self) -> ThinFunction:
        settings = BackupSettings(
            catalog_table=self._data.catalog.table_name,
            archive_bucket=self._data.archive.bucket_name,
            bus_name=self._bus.event_bus_name,
            instagram_secret=self._data.instagram_secret.secret_arn,
            instagram_url=self._stage.instagram_url,
            media_origins=self._stage.media_origins,
            max_file_bytes=self._photos.max_file_mb * _MB,
            concurrency=self._photos.concurrency,
            walk_days=self._photos.walk_days,
            post_since=self._since(),
        )
        worker = ThinFunction(
            self,
            "PhotoBackup",
            name="photo_backup",
            settings=settings,
            layers=self._layers,
            timeout=Duration.minutes(15),
            # 16 downloads at once hold 8 MiB each; network and processor grow with memory.
            memory_mib=1024,
            dead_letters=self._dead_letters,
        )
        access.let_backup(worker, data=self._data, bus=self._bus)
        return worker

    def _since(self) -> datetime | None:
        since = self._photos.post_since
        return datetime.combine(since, time(), UTC) if since else None

    def _photo_post(self) -> ThinFunction:
        photos = self._photos
        settings = PostSettings(
            catalog_table=self._data.catalog.table_name,
            archive_bucket=self._data.archive.bucket_name,
            ghost_secret=self._data.ghost_secret.secret_arn,
            ghost_url=self._stage.ghost_url,
            post_status=photos.status,
            post_tags=photos.tags,
            post_author=photos.author,
            post_since=self._since(),
            feature_image=photos.feature_image,
            max_video_bytes=photos.max_video_mb * _MB,
        )
        worker = ThinFunction(
            self,
            "PhotoPost",
            name="photo_post",
            settings=settings,
            layers=self._layers,
            timeout=_POST_TIMEOUT,
            # A decoded 12 megapixel picture takes 36 MB, and its copy without EXIF as much again.
            memory_mib=1024,
            # One video at a time, with its thumbnail, on top of the 512 MiB that are free.
            tmp=Size.mebibytes(512 + photos.max_video_mb),
        )
        access.let_post(worker, data=self._data)
        return worker

    def _token_refresh(self) -> ThinFunction:
        worker = ThinFunction(
            self,
            "TokenRefresh",
            name="token_refresh",
            settings=TokenSettings(
                instagram_secret=self._data.instagram_secret.secret_arn,
                instagram_url=self._stage.instagram_url,
            ),
            layers=self._layers,
            # Four tries of a silent Instagram take two and a half minutes.
            timeout=Duration.minutes(5),
            memory_mib=256,
            dead_letters=self._dead_letters,
        )
        access.let_refresh(worker, data=self._data)
        return worker

    def _schedules(self) -> None:
        sweep = targets.SqsQueue(
            self._work.queue,
            message=events.RuleTargetInput.from_object({"sweep": True}),
            dead_letter_queue=self._dead_letters,
        )
        self._every("SweepSchedule", self._photos.sweep_every, sweep)
        if self._photos.api:
            self._every("BackupSchedule", self._photos.backup_every, self._calling(self._backup))
            self._every("TokenSchedule", "1 day", self._calling(self._token))

    def _every(self, construct_id: str, every: str, target: events.IRuleTarget) -> None:
        length = Duration.minutes(int(interval(every).total_seconds()) // 60)
        events.Rule(self, construct_id, schedule=events.Schedule.rate(length), targets=[target])

    def _events(self) -> None:
        stored = targets.SqsQueue(
            self._work.queue,
            dead_letter_queue=self._dead_letters,
        )
        self._on("photo.stored", "PhotoStored", stored)
        self._on("backup.continue", "BackupContinue", self._calling(self._backup))

    def _on(self, kind: str, construct_id: str, target: events.IRuleTarget) -> None:
        pattern = events.EventPattern(source=["everyday.photos"], detail_type=[kind])
        events.Rule(self, construct_id, event_bus=self._bus, event_pattern=pattern, targets=[target])

    def _calling(self, worker: ThinFunction) -> events.IRuleTarget:
        return targets.LambdaFunction(worker.function, dead_letter_queue=self._dead_letters)

    def _watch(self, topic: sns.ITopic) -> None:
        watch = Watch(self, "Watch", topic=topic)
        watch.dead_letters("DeadLetters", self._dead_letters)
        for worker in (self._backup, self._post, self._token):
            watch.errors(worker.node.id, worker.function)
        if self._photos.api:
            self._watch_token(watch)

    def _watch_token(self, watch: Watch) -> None:
        login = "Run: everyday photos login"
        days_left = _token_days_left("Minimum")
        watch.alarm("TokenDies", days_left, Below, 10, f"The Instagram token dies within ten days. {login}")
        # A dead or empty token has no days to report.
        reports = _token_days_left("SampleCount")
        text = f"token_refresh has said nothing for three days: token dead or missing. {login}"
        watch.alarm("TokenSilent", reports, Below, 1, text, periods=3, silence_is_bad=True)

    def _outputs(self) -> None:
        publish(
            self,
            PhotoBackup=self._backup.function.function_name,
            PhotoPost=self._post.function.function_name,
            TokenRefresh=self._token.function.function_name,
            PhotosBus=self._bus.event_bus_name,
            PostQueueUrl=self._work.queue.queue_url,
            DeadLettersUrl=self._dead_letters.queue_url,
        )


def _token_days_left(statistic: str) -> cloudwatch.Metric:
    """What `token_refresh` prints once a day."""
    return cloudwatch.Metric(
        namespace="Everyday/Photos",
        metric_name="TokenDaysLeft",
        statistic=statistic,
        period=Duration.days(1),
    )
