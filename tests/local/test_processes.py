"""Local mode starts processes, ends them whole, and never touches anybody else's."""

import os
import signal
import subprocess
import sys
import threading

import msgspec
import pytest

from everyday_local import identity
from everyday_local.errors import LocalError, PortTaken
from everyday_local.folder import Folder
from everyday_local.ports import any_free
from everyday_local.probes import answers
from everyday_local.processes import Processes
from everyday_local.service import Record, Service

SERVES = "import http.server; http.server.ThreadingHTTPServer(('127.0.0.1', {port}), H).serve_forever()"
HANDLER = """
class H(__import__('http.server').server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
"""


def a_service(folder: Folder, script: str, *, port: int | None = None, seconds: float = 20.0) -> Service:
    port = port or any_free()
    return Service(
        name="blog",
        title="blog",
        command=[sys.executable, "-c", HANDLER + script.format(port=port)],
        environment=folder.environment(),
        port=port,
        address=f"http://127.0.0.1:{port}",
        ready=answers(port, "/"),
        start_seconds=seconds,
    )


def group_of(record: Record) -> list[int]:
    return [pid for pid, seen in identity.living().items() if seen.group == record.pid]


def test_a_started_service_serves_and_is_found_by_the_next_run(processes: Processes, folder: Folder) -> None:
    record = processes.start(a_service(folder, SERVES))
    assert Processes(folder).running() == {"blog": record}


def test_ending_kills_the_children_too(processes: Processes, folder: Folder) -> None:
    child = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    )
    record = processes.start(a_service(folder, child + SERVES))
    assert len(group_of(record)) == 2
    assert Processes(folder).end(["blog"]) == ["blog"]
    assert group_of(record) == []
    assert Processes(folder).running() == {}


def test_what_ignores_the_polite_signal_is_ended_by_force(
    processes: Processes, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everyday_local.processes._GRACE_SECONDS", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    record = processes.start(a_service(folder, deaf + SERVES))
    assert processes.end(["blog"]) == ["blog"]
    assert group_of(record) == []


def test_children_whose_parent_was_killed_are_found_and_ended(processes: Processes, folder: Folder) -> None:
    child = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    )
    record = processes.start(a_service(folder, child + SERVES))
    os.kill(record.pid, signal.SIGKILL)
    processes._children["blog"].process.wait()
    assert len(group_of(record)) == 1
    assert Processes(folder).end_all() == ["blog"]
    assert group_of(record) == []


def test_a_recycled_process_id_is_never_signalled(folder: Folder) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
    ) as stranger:
        record = Record(
            name="blog",
            title="blog",
            pid=stranger.pid,
            started="1",  # an earlier process with the same id
            port=1,
            address="",
            digest="",
        )
        (folder.sub("run") / "blog.json").write_bytes(msgspec.json.encode(record))
        processes = Processes(folder)
        assert processes.running() == {}
        assert processes.end_all() == []
        assert stranger.poll() is None
        stranger.communicate(b"\n", timeout=20)
        assert stranger.returncode == 0


def test_a_strangers_group_whose_leader_has_gone_is_left_alone(folder: Folder) -> None:
    """The recorded id led our group, died, was recycled by a stranger that left a child behind."""
    leader = (
        "import os, subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'input()']); print(c.pid)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", leader], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as stranger:
        assert stranger.stdout
        left_behind = int(stranger.stdout.readline())
        stranger.wait(20)
        record = Record(name="blog", title="", pid=stranger.pid, started="1", port=1, address="", digest="")
        (folder.sub("run") / "blog.json").write_bytes(msgspec.json.encode(record))
        assert Processes(folder).end_all() == []
        assert left_behind in identity.living()


def test_a_child_that_dies_at_its_start_shows_its_log(processes: Processes, folder: Folder) -> None:
    with pytest.raises(LocalError) as failure:
        processes.start(a_service(folder, "print('no such database'); raise SystemExit(3)"))
    assert "ended while it started" in str(failure.value)
    assert "no such database" in str(failure.value)
    assert str(folder.log("blog")) in str(failure.value)


def test_a_child_that_never_serves_is_given_up(processes: Processes, folder: Folder) -> None:
    with pytest.raises(LocalError, match="did not answer in 0 s"):
        processes.start(a_service(folder, "input() if False else __import__('time').sleep(600)", seconds=0.1))


def test_somebody_elses_server_is_not_taken_for_ours(processes: Processes, folder: Folder) -> None:
    other = Processes(Folder(folder.path / "other"))
    try:
        theirs = other.start(a_service(other.folder, SERVES))
        with pytest.raises(LocalError, match="just taken by another program"):
            processes.start(a_service(folder, SERVES, port=theirs.port))
    finally:
        other.close()


def test_a_port_that_is_lost_while_a_service_starts_is_told_as_that(
    processes: Processes, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([True, False])
    monkeypatch.setattr("everyday_local.processes.unused", lambda _: next(free))
    with pytest.raises(PortTaken):
        processes.start(a_service(folder, "raise OSError('Address already in use')"))


def test_a_tool_runs_to_its_end(processes: Processes, folder: Folder) -> None:
    processes.run("cdk", [sys.executable, "-c", "print('done')"], folder.environment(), seconds=20)
    assert processes.own == []
    assert folder.log("cdk").read_text() == "done\n"


def test_a_tool_that_fails_shows_the_end_of_its_log(processes: Processes, folder: Folder) -> None:
    script = "print('line 1'); print('Stack rolled back'); raise SystemExit(1)"
    with pytest.raises(LocalError, match="`cdk` failed with status 1") as failure:
        processes.run("cdk", [sys.executable, "-c", script], folder.environment(), seconds=20)
    assert "Stack rolled back" in str(failure.value)


def test_a_tool_that_hangs_is_ended_with_its_children(processes: Processes, folder: Folder) -> None:
    with pytest.raises(LocalError, match="took longer than"):
        processes.run(
            "cdk", [sys.executable, "-c", "__import__('time').sleep(600)"], folder.environment(), seconds=0.5
        )
    assert Processes(folder).end_all() == []


def test_what_was_started_is_ended_although_its_folder_was_deleted(
    processes: Processes, folder: Folder
) -> None:
    record = processes.start(a_service(folder, SERVES))
    folder.wipe()
    processes.close()
    assert group_of(record) == []


def test_an_impatient_signal_does_not_cut_the_ending_short(processes: Processes, folder: Folder) -> None:
    parent = os.getpid()
    script = f"import os, signal; signal.signal(15, lambda *_: (os.kill({parent}, 2), os._exit(0)));"
    record = processes.start(a_service(folder, script.replace("{", "{{").replace("}", "}}") + SERVES))
    processes.close()
    assert group_of(record) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_closing_leaves_what_somebody_else_started_in_its_place(processes: Processes, folder: Folder) -> None:
    processes.start(a_service(folder, SERVES))
    second = Processes(folder)
    second.end(["blog"])
    replacement = second.start(a_service(folder, SERVES))
    try:
        processes.close()
        assert Processes(folder).running() == {"blog": replacement}
    finally:
        second.close()


def test_a_closed_supervisor_starts_nothing_more(processes: Processes, folder: Folder) -> None:
    processes.close()
    with pytest.raises(LocalError, match="local mode is ending"):
        processes.start(a_service(folder, SERVES))


def test_a_program_that_is_missing_is_named(processes: Processes, folder: Folder) -> None:
    with pytest.raises(LocalError, match="no-such-program"):
        processes.run("cdk", ["/no-such-program"], {}, seconds=1)


def test_watching_ends_quietly_when_somebody_ends_local_mode(processes: Processes, folder: Folder) -> None:
    processes.start(a_service(folder, SERVES))
    ending = threading.Thread(target=Processes(folder).end_all)
    ending.start()
    processes.watch()
    ending.join(20)
    assert Processes(folder).running() == {}


def test_watching_tells_when_a_service_dies_by_itself(processes: Processes, folder: Folder) -> None:
    record = processes.start(a_service(folder, SERVES))
    os.kill(record.pid, signal.SIGKILL)
    with pytest.raises(LocalError, match="blog ended by itself with status -9"):
        processes.watch()


def test_the_owners_credentials_do_not_reach_a_process(
    folder: Folder, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "owners")
    monkeypatch.setenv("AWS_PROFILE", "owners")
    script = "import os; print(sorted(name for name in os.environ if name.startswith('AWS_')))"
    processes.run("probe", [sys.executable, "-c", script], folder.environment(), seconds=20)
    assert folder.log("probe").read_text() == "[]\n"


def test_a_service_that_would_be_started_differently_has_another_digest(folder: Folder) -> None:
    plain = a_service(folder, SERVES, port=4000)
    moved = a_service(folder, SERVES, port=4001)
    same = a_service(folder, SERVES, port=4000)
    assert plain.digest == same.digest != moved.digest
