"""A daemon that is down, hangs, or talks nonsense: shadow goes on, and enforce runs nothing."""

import asyncio
import http.server
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from conftest import PATIENCE, Daemon, policy

from placet import Guard, Mode, PlacetError, Unavailable, supervised

BOUND = 0.3
"""How long a call in shadow may be held up, in seconds."""

SLACK = 3.0
"""What a loaded machine takes on top, in seconds. What hangs here hangs for much longer."""


class Faulty:
    """A proxy in front of a daemon, which answers in its place as it is told."""

    def __init__(self, target: str | None) -> None:
        self.fault = None
        faulty = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                faulty.answer(self)

            do_GET = do_DELETE = do_POST

            def log_message(self, *_):
                pass

        self._target = target
        self._over = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        match self.fault:
            case None:
                self._forward(request, body)
            case "hangs":
                self._over.wait(PATIENCE)
                request.close_connection = True
            case "drips":
                request.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not self._over.wait(0.05):
                    try:
                        request.wfile.write(b"x-more: 1\r\n")
                    except OSError:
                        return
            case "closes":
                request.close_connection = True
                request.connection.shutdown(socket.SHUT_RDWR)
            case int(status):
                self._send(request, status, b'{"type": "about:blank", "status": %d}' % status)
            case bytes(nonsense):
                self._send(request, 200, nonsense)

    def _forward(self, request, body: bytes) -> None:
        import httpx

        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "connection")}
        response = httpx.request(
            request.command, self._target + request.path, content=body, headers=headers, timeout=60
        )
        self._send(request, response.status_code, response.content)

    def _send(self, request, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("content-length", str(len(body)))
        request.send_header("content-type", "application/json")
        request.end_headers()
        request.wfile.write(body)

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    started = Daemon(tmp_path_factory.mktemp("daemon"), policy())
    yield started
    started.stop()


@pytest.fixture
def faulty(daemon):
    proxy = Faulty(daemon.url)
    yield proxy
    proxy.close()


FAULTS = [
    "hangs",
    "drips",
    "closes",
    401,
    403,
    404,
    429,
    500,
    503,
    b"",
    b"<html>",
    b"[]",
    b"null",
    b'"allow"',
    b"{}",
    b'{"verdict": "allow"}',
    b'{"verdict": true}',
    b'{"verdict": "ALLOW", "mode": "enforce", "findings": []}',
]


def open_guard(url, key, **settings):
    return Guard.connect(url, key, timeout=1, **settings)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_enforce_runs_nothing(daemon, faulty, fault):
    calls = []
    with open_guard(faulty.url, daemon.agent) as guard:
        assert guard.execute("get_order", {"id": 1}, lambda *_: "ran") == "ran"
        faulty.fault = fault
        with pytest.raises(PlacetError):
            guard.execute("get_order", {"id": 1}, lambda *a: calls.append(a))
        with pytest.raises(PlacetError):
            asyncio.run(guard.aexecute("get_order", {"id": 1}, lambda *a: calls.append(a)))
    assert calls == []


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_shadow_never_raises_and_never_waits_long(daemon, faulty, fault):
    faulty.fault = fault
    settings = {"mode": Mode.SHADOW, "shadow_limit": BOUND}
    with open_guard(faulty.url, daemon.agent, **settings) as guard:

        @supervised("issue_refund", guard=guard)
        def refund(amount):
            return amount

        @supervised("issue_refund", guard=guard)
        async def arefund(amount):
            return amount

        start = time.monotonic()
        assert refund("10") == "10"
        assert asyncio.run(arefund("10")) == "10"
        assert time.monotonic() - start < 2 * BOUND + SLACK


def test_nobody_is_there(daemon):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with open_guard(url, daemon.agent) as guard, pytest.raises(Unavailable, match="did not answer"):
            guard.execute("get_order", {"id": 1}, lambda *_: pytest.fail("it ran"))
        with open_guard(url, daemon.agent, mode="shadow") as guard:
            assert guard.execute("get_order", {"id": 1}, lambda *_: "ran") == "ran"


def test_a_key_is_never_shown(daemon, faulty):
    faulty.fault = 401
    with open_guard(faulty.url, daemon.agent) as guard:
        with pytest.raises(PlacetError) as error:
            guard.propose("get_order")
        assert daemon.agent not in f"{error.value!r} {guard!r} {vars(guard)!r}"


def test_where_the_policy_permits_no_shadow_its_decisions_bind(daemon):
    # With time enough: in shadow, what is not answered in time runs.
    settings = {"mode": "shadow", "on_review": "fail_closed", "shadow_limit": 30}
    with open_guard(daemon.url, daemon.agent, **settings) as guard:
        denied = guard.execute("issue_refund", {"amount": "10"}, lambda *_: pytest.fail("it ran"))
        assert not denied


def test_where_it_permits_shadow_nothing_is_stopped(tmp_path):
    lax = Daemon(tmp_path, policy(on_review="shadow"))
    try:
        with open_guard(lax.url, lax.agent, mode="shadow") as guard:
            assert guard.execute("issue_refund", {"amount": "5000"}, lambda *_: "ran") == "ran"
    finally:
        lax.stop()


def test_a_stable_share_is_enforced(tmp_path):
    lax = Daemon(tmp_path, policy(on_review="shadow"))
    try:
        with open_guard(lax.url, lax.agent, mode="sample", sample_percent=50) as guard:

            def run(session):
                call = lambda: guard.execute(
                    "issue_refund", {"amount": "5000"}, lambda *_: "ran", session_id=session
                )
                return bool(call())

            first = [run(f"s-{n}") for n in range(20)]
            assert {True, False} == set(first)
            assert [run(f"s-{n}") for n in range(20)] == first
    finally:
        lax.stop()


FORK = """
    import multiprocessing, os, sys
    from placet import Guard, PlacetError

    guard = {opened}
    guard.propose("get_order", params={{"id": 1}})

    def child(queue):
        try:
            queue.put(guard.propose("get_order", params={{"id": 2}}).verdict.value)
        except PlacetError as error:
            queue.put(str(error))

    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [context.Process(target=child, args=(queue,)) for _ in range(4)]
    for process in processes:
        process.start()
    print(sorted({{queue.get(timeout=60) for _ in processes}}))
    for process in processes:
        process.join(60)
        assert process.exitcode == 0, process.exitcode
    print(guard.propose("get_order", params={{"id": 3}}).verdict.value)
"""


def forked(opened, folder):
    code = textwrap.dedent(FORK).format(opened=opened)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_child_is_told_that_the_log_is_its_parents(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    [told, after] = forked('Guard("policy.toml")', tmp_path)
    assert "opened by process" in told and "Guard.connect" in told
    assert after == "allow"
    with Guard(tmp_path / "policy.toml") as guard:
        assert guard.propose("get_order").is_allowed


def test_a_child_has_connections_of_its_own(daemon, tmp_path):
    [told, after] = forked(f"Guard.connect({daemon.url!r}, {daemon.agent!r})", tmp_path)
    assert (told, after) == ("['allow']", "allow")


def test_the_interpreter_ends_while_somebody_waits(tmp_path):
    code = """
        import threading
        from placet import Guard

        guard = Guard()
        wait = lambda: guard.execute("drop_database", {}, print)
        threading.Thread(target=wait, daemon=True).start()
        while not guard.pending():
            pass
        print("the end")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
    )
    assert (done.returncode, done.stdout) == (0, "the end\n"), done.stderr


def test_ctrl_c_ends_a_wait(tmp_path):
    code = """
        import os, signal, threading
        from placet import Guard

        guard = Guard()

        def interrupt():
            while not guard.pending():
                pass
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        try:
            guard.execute("drop_database", {}, print)
        except KeyboardInterrupt:
            print("interrupted", guard.pending())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "interrupted []\n", (done.stdout, done.stderr)
