"""ministack, the local AWS: how it is started so that it stays on loopback and keeps what it holds."""

from everyday_local.errors import LocalError
from everyday_local.folder import PROJECT, Folder
from everyday_local.probes import answers
from everyday_local.service import Service

REGION = "us-east-1"
ACCOUNT = "000000000000"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

PROGRAM = PROJECT / ".everyday" / "ministack" / "bin" / "ministack"


def ministack(folder: Folder, *, port: int, redis_port: int) -> Service:
    """The service. Raises LocalError when it is not installed."""
    if not PROGRAM.exists():
        raise LocalError(f"{PROGRAM} is missing; install it with: make run")
    return Service(
        name="ministack",
        title="local AWS",
        command=[str(PROGRAM)],
        environment=folder.environment(),
        switches=_switches(folder, port, redis_port),
        port=port,
        address=f"http://127.0.0.1:{port}",
        ready=answers(port, "/_ministack/health"),
    )


def _switches(folder: Folder, port: int, redis_port: int) -> dict[str, str]:
    return {
        **CREDENTIALS,
        **no_owner_files(),
        "GATEWAY_PORT": str(port),
        # Its defaults are every address of the machine, an MQTT listener on 0.0.0.0:8883, and SFTP.
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # What it holds outlives it: written when it ends, objects at once.
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.sub("aws")),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder.sub("objects")),
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": str(redis_port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "LAMBDA_EXECUTOR": "local",
        # Every start of a function unpacks it anew, so its byte code would never be read again.
        "PYTHONDONTWRITEBYTECODE": "1",
        # With a container engine it would remove every container that looks like an emulator's, of
        # whomever; it never looks for one behind a socket that is not there.
        "DOCKER_HOST": f"unix://{folder.path}/no-containers.sock",
    }


def no_owner_files() -> dict[str, str]:
    """Variables that keep an AWS client away from the owner's profiles and the machine's own role."""
    return {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
