"""As much of EC2 as a machine asks for: its metadata, and one volume that comes and goes.

Strict where a machine could do harm: nothing is attached but what is `available`, nothing detached while the
guest has the file system mounted.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from everyday_local.ec2.hypervisor import Hypervisor

ZONE = "us-east-1a"


class Refused(Exception):
    """EC2's error: its code and message."""


class Region:
    """One zone, one volume, an instance at a time.

    `log` holds what machines asked to be done to the volume, in order, as `action resource`.
    """

    def __init__(self, hypervisor: Hypervisor, volume: str, tags: dict[str, str]) -> None:
        self.hypervisor, self.volume, self.tags = hypervisor, volume, tags
        self.log: list[str] = []
        self.snapshots: list[str] = []
        self.attached_to: str | None = None
        self.attachment: str | None = None
        self.notices: dict[str, str] = {}
        self._lock = RLock()

    def launch(self, instance: str, user_data: str) -> None:
        """Start an instance; its metadata service answers from now on."""
        self.hypervisor.launch(instance, user_data=user_data, imds_url=f"/imds/{instance}")

    def end(self, instance: str) -> None:
        """Cut its power; its volume is free."""
        with self._lock:
            self.hypervisor.end(instance)
            if self.attached_to == instance:
                self.attached_to = self.attachment = None

    def give_notice(self, instance: str) -> None:
        """The two minutes begin."""
        time = datetime.now(UTC) + timedelta(seconds=120)
        self.notices[instance] = json.dumps({"action": "terminate", "time": f"{time:%Y-%m-%dT%H:%M:%SZ}"})

    @property
    def state(self) -> str:
        """The volume's, in EC2's words."""
        with self._lock:
            self._look()
            return "in-use" if self.attached_to else "available"

    def metadata(self, instance: str, path: str) -> str | None:
        return {
            "instance-id": instance,
            "placement/availability-zone": ZONE,
            "placement/region": ZONE[:-1],
            "spot/instance-action": self.notices.get(instance),
        }.get(path)

    def act(self, asked: dict[str, str]) -> str:
        """The inner XML of the answer. Raises Refused."""
        action = asked["Action"]
        with self._lock:
            self._look()
            if action == "DescribeVolumes":
                return f"<volumeSet>{self._item()}</volumeSet>"
            self.log.append(f"{action} {asked.get('InstanceId', '')}".strip())
            return {
                "AttachVolume": self._attach,
                "DetachVolume": self._detach,
                "CreateTags": self._tag,
                "CreateSnapshot": self._snapshot,
            }.get(action, self._unknown)(asked)

    def _attach(self, asked: dict[str, str]) -> str:
        if self.attached_to:
            raise Refused("VolumeInUse", f"{self.volume} is already attached to {self.attached_to}")
        self.attached_to, self.attachment = asked["InstanceId"], "attached"
        self.hypervisor.attach(self.attached_to, self.volume, asked["Device"])
        return "<status>attaching</status>"

    def _detach(self, asked: dict[str, str]) -> str:
        if not self.attached_to:
            raise Refused("IncorrectState", f"{self.volume} is not attached")
        if asked.get("Force", "false") != "false":
            raise Refused("OperationNotPermitted", "a machine never forces its volume off")
        self.attachment = "detaching"
        self._look()
        return f"<status>{self.attachment or 'detached'}</status>"

    def _look(self) -> None:
        if self.attached_to and self.attachment in ("detaching", "busy"):
            gone = self.hypervisor.detach(self.attached_to, self.volume)
            self.attachment = None if gone else "busy"
            self.attached_to = None if gone else self.attached_to

    def _tag(self, asked: dict[str, str]) -> str:
        keys = [key for key in asked if key.startswith("Tag.") and key.endswith(".Key")]
        if asked["ResourceId.1"] == self.volume:
            self.tags |= {asked[key]: asked[key.removesuffix("Key") + "Value"] for key in keys}
        return "<return>true</return>"

    def _snapshot(self, asked: dict[str, str]) -> str:
        snapshot = f"snap-{len(self.snapshots):017x}"
        self.hypervisor.taken(snapshot, volume=asked["VolumeId"])
        self.snapshots.append(snapshot)
        return f"<snapshotId>{snapshot}</snapshotId><status>pending</status>"

    def _unknown(self, asked: dict[str, str]) -> str:
        raise Refused("InvalidAction", f"{asked['Action']} is nothing that a machine does")

    def _item(self) -> str:
        tags = "".join(
            f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>"
            for key, value in self.tags.items()
        )
        attachment = (
            f"<item><volumeId>{self.volume}</volumeId><instanceId>{self.attached_to}</instanceId>"
            f"<device>/dev/xvdj</device><status>{self.attachment}</status></item>"
        )
        state = "in-use" if self.attached_to else "available"
        return (
            f"<item><volumeId>{self.volume}</volumeId><size>1</size><availabilityZone>{ZONE}</availabilityZone>"
            f"<status>{state}</status><attachmentSet>{attachment if self.attached_to else ''}</attachmentSet>"
            f"<tagSet>{tags}</tagSet></item>"
        )


@contextmanager
def serving(region: Region) -> Iterator[int]:
    """Answer on loopback; the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self._answer(200, "token")

        def do_GET(self) -> None:
            instance, _, path = self.path.removeprefix("/imds/").partition("/latest/meta-data/")
            if self.headers.get("X-aws-ec2-metadata-token") != "token":
                return self._answer(401, "")
            found = region.metadata(instance, path)
            return self._answer(404, "") if found is None else self._answer(200, found)

        def do_POST(self) -> None:
            asked = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            name = asked["Action"] + "Response"
            try:
                inner = f"<{name}><requestId>r</requestId>{region.act(asked)}</{name}>"
                self._answer(200, inner)
            except Refused as refused:
                code, message = refused.args
                error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
                self._answer(400, f"<Response><Errors>{error}</Errors></Response>")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """The guest asks every few seconds."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
