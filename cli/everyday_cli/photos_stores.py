"""Where a photos command works: the stores of a stage, or an archive in a local folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from everyday_cli.commands import stage_option
from everyday_cli.stage import Stage, resolve

if TYPE_CHECKING:
    from everyday.photos.backup import Backup
    from everyday.photos.ports import Archive, Catalog
    from everyday.photos.posting import Posting
    from everyday.photos.token import TokenKeeper
    from everyday.settings import BackupSettings, PostSettings, TokenSettings

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """The stores a command works on. A stage is looked up only when it is needed."""

    stage_name: str | None
    folder: Path | None

    @cached_property
    def stage(self) -> Stage:
        """Raises a usage error when the command was told to work in a folder."""
        if self.folder:
            raise click.UsageError("--archive DIR works without AWS; this needs a stage: leave it out")
        return resolve(self.stage_name)

    @cached_property
    def archive(self) -> "Archive":
        from everyday import wiring

        if self.folder:
            return wiring.folder_archive(_existing(self.folder))
        return wiring.archive(self.backup_settings, self.stage.session)

    @cached_property
    def catalog(self) -> "Catalog":
        from everyday import wiring

        if self.folder:
            return wiring.folder_catalog(_existing(self.folder))
        return wiring.catalog(self.backup_settings, self.stage.session)

    @cached_property
    def backup_settings(self) -> "BackupSettings":
        from everyday.settings import BackupSettings

        return BackupSettings.from_env(self._environment("PhotoBackup"))

    @cached_property
    def post_settings(self) -> "PostSettings":
        from everyday.settings import PostSettings

        return PostSettings.from_env(self._environment("PhotoPost"))

    @cached_property
    def token_settings(self) -> "TokenSettings":
        from everyday.settings import TokenSettings

        return TokenSettings.from_env(self._environment("TokenRefresh"))

    def backup(self, exports: Sequence[Path], *, complete: bool, dry_run: bool = False) -> "Backup":
        """A backup from the exports, or from the API when there are none."""
        from everyday import wiring

        if self.folder:
            plans_a_new_one = dry_run and not self.folder.exists()
            return wiring.folder_backup(_scratch() if plans_a_new_one else self.folder, exports)
        return wiring.backup(
            self.backup_settings, self.stage.session, exports=exports, complete=complete or bool(exports)
        )

    def posting(self) -> "Posting":
        from everyday import wiring

        return wiring.posting(self.post_settings, self.stage.session)

    def token_keeper(self) -> "TokenKeeper":
        from everyday import wiring

        return wiring.token_keeper(self.token_settings, self.stage.session)

    def _environment(self, output: str) -> dict[str, str]:
        return self.stage.environment(self.stage.photos[output])


def _scratch() -> Path:
    """A folder that is gone when the command ends: a plan must not make the archive it plans for."""
    return Path(click.get_current_context().with_resource(TemporaryDirectory()))


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise click.UsageError(f"there is no archive in {folder}; `everyday photos backup` makes one")
    return folder


def target_options(command: Callable[P, T]) -> Callable[..., T]:
    """Add `--stage` and `--archive`; the command gets a Target as its keyword argument `target`."""

    @stage_option
    @click.option(
        "--archive",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="Work on an archive in this folder, with no AWS at all.",
    )
    @wraps(command)
    def with_target(*args: Any, stage_name: str | None, folder: Path | None, **options: Any) -> T:
        if stage_name and folder:
            raise click.UsageError("--archive DIR works without a stage: choose one of --archive and --stage")
        options["target"] = Target(stage_name, folder)
        return command(*args, **options)

    return with_target
