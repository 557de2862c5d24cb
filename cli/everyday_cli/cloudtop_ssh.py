"""What ssh needs to know of the CloudTop, in files of our own beside the owner's."""

import shutil
import subprocess
import sys
from pathlib import Path

from everyday.errors import CloudtopRefused

HOST = "cloudtop"
_INCLUDE = "Include everyday/config"
_ADVICE = {
    "aws": "install the AWS CLI, version 2",
    "session-manager-plugin": "install the Session Manager plugin of the AWS CLI",
    "ssh": "install OpenSSH",
    "ssh-keygen": "install OpenSSH",
    "code": "install Visual Studio Code, and in it «Shell Command: Install 'code' command»",
}


def need(*programs: str) -> None:
    """Raises CloudtopRefused that names what is missing and what to do."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        raise CloudtopRefused("; ".join(f"{each} is not there: {_ADVICE[each]}" for each in missing))


def prepare(folder: Path, *, stage: str, region: str) -> Path:
    """Make `ssh cloudtop` work, from `folder`, the owner's ~/.ssh. Returns the private key's file.

    Idempotent. Of the owner's own files only `config` is touched: one line at its top, once.
    """
    ours = folder / "everyday"
    ours.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ours / HOST
    if not key.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "everyday cloudtop", "-f", str(key)]
        subprocess.run(command, check=True, timeout=30)  # noqa: S603 - no word of it is a stranger's
    _write(ours / "config", host_block(key, stage, region))
    config = folder / "config"
    text = config.read_text(encoding="utf-8") if config.exists() else ""
    if (with_include := included(text)) != text:
        _write(config, with_include)
    return key


def host_block(key: Path, stage: str, region: str) -> str:
    """The CloudTop, as ssh's configuration has it.

    Each machine has a host key of its own, and which machine is reached is Session Manager's to prove: the
    connection goes to an instance id, inside TLS, with the owner's AWS credentials.
    """
    # ssh is called from any folder, where no everyday.toml says what the region is.
    proxy = f'env AWS_DEFAULT_REGION={region} "{sys.executable}" -m everyday_cli.main cloudtop proxy'
    lines = (
        "User ubuntu",
        f'IdentityFile "{key}"',
        "IdentitiesOnly yes",
        f"ProxyCommand {proxy} --stage {stage}",
        "StrictHostKeyChecking no",
        "UserKnownHostsFile /dev/null",
        "LogLevel ERROR",
        # Session Manager ends a session in which nothing was said for a while.
        "ServerAliveInterval 30",
        "ServerAliveCountMax 4",
    )
    return "\n".join([f"Host {HOST}", *(f"    {line}" for line in lines), ""])


def included(text: str) -> str:
    """The owner's configuration with our line at its top; below a `Host` it would count for that one only."""
    if _INCLUDE in (line.strip() for line in text.splitlines()):
        return text
    return f"{_INCLUDE}\n\n{text}"


def session(region: str, instance: str) -> list[str]:
    """The command that is ssh's connection to the instance."""
    return [
        *("aws", "ssm", "start-session", "--region", region, "--target", instance),
        *("--document-name", "AWS-StartSSHSession", "--parameters", "portNumber=22"),
    ]


def _write(path: Path, text: str) -> None:
    """All of it or nothing: a reader never sees half a file, and a crash leaves the old one."""
    whole = path.resolve()  # a configuration kept among dotfiles is a link, and stays one
    new = whole.with_name(f"{whole.name}.everyday-new")
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    new.replace(whole)
