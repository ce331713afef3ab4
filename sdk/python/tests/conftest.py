"""One suite for both kinds of guard: in this process, and at a daemon."""

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from placet import ActionClass, ApprovalTerms, Guard, RiskTier, TrustPolicy

PATIENCE = 30
"""How long a test waits for what must come at once, in seconds. Nothing takes so long unless it fails."""

YES = ApprovalTerms(fields=(), deadline="5m")
"""Approving takes no statement."""


def policy(**changes):
    """A small policy: something that is read, something that a person approves."""
    classes = [
        ActionClass("get_order", RiskTier.READ, approval=YES),
        ActionClass(
            "issue_refund",
            RiskTier.REVERSIBLE_WRITE,
            value="/amount",
            hard_cap="1000",
            approval=YES,
        ),
        ActionClass("drop_database", RiskTier.CONSEQUENTIAL, approval=YES),
    ]
    actions = {entry.name: entry for entry in [*classes, *changes.pop("classes", ())]}
    return TrustPolicy(actions=actions, **changes)


class Daemon:
    """A real daemon in a folder of its own."""

    _made = None

    def __init__(self, folder: Path, policy: TrustPolicy | str) -> None:
        self.folder = folder
        made, keys = self._log_with_keys()
        for file in made.iterdir():
            shutil.copy(file, folder)
        self.agent, self.bare_agent, self.other, self.approver = keys
        text = policy if isinstance(policy, str) else policy.to_toml()
        (folder / "policy.toml").write_text(text)
        self.start()

    @classmethod
    def _log_with_keys(cls):
        """A log with a person and keys, made once for all tests."""
        if cls._made is None:
            maker = cls.__new__(cls)
            maker.folder = Path(tempfile.mkdtemp(prefix="placet-"))
            atexit.register(shutil.rmtree, maker.folder, ignore_errors=True)
            agent = maker.key("agent", "admin", tenant="default")
            bare_agent = maker.key("agent", tenant="default", agent="bot")
            other = maker.key("agent", tenant="other")
            maker.run("people", "invite", "ann", "--role", "approver", "--log", "placet.db")
            approver = maker.key("approver", person="ann")
            cls._made = maker.folder, (agent, bare_agent, other, approver)
        return cls._made

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "placet._cli", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(self, *scopes: str, **named: str) -> str:
        arguments = ["key", "create", "--json", "--name", "test", "--log", "placet.db"]
        for scope in scopes:
            arguments += ["--scope", scope]
        for name, value in named.items():
            arguments += [f"--{name}", value]
        return json.loads(self.run(*arguments))["secret"]

    def start(self, listen: str = "127.0.0.1:0") -> None:
        command = [sys.executable, "-m", "placet._cli", "serve", "--listen", listen]
        command += ["--policy", "policy.toml", "--rate", "1000000", "--burst", "1000000"]
        self.process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True)
        greeting = self.process.stderr.readline()
        self.url = "http://" + greeting.strip().rsplit(" ", 1)[-1]
        # What it says from here on is of no interest, but nobody may stop it from saying it.
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stderr.close()


class Backend:
    """Opens guards of one kind."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self._folder = folder
        self._guards = []
        self._daemons = []

    def open(self, of: TrustPolicy | None = None, **settings) -> Guard:
        of = policy() if of is None else of
        if self.kind == "in process":
            guard = Guard(of, **{"store": ":memory:", **settings})
        else:
            folder = self._folder / str(len(self._daemons))
            folder.mkdir()
            daemon = Daemon(folder, of)
            self._daemons.append(daemon)
            guard = Guard.connect(
                daemon.url, daemon.agent, approver_key=daemon.approver, **settings
            )
        self._guards.append(guard)
        return guard

    def of_another_tenant(self, guard: Guard):
        """Evaluates for another tenant at what was opened last. At a daemon the key says for whom."""
        if self.kind == "in process":
            return functools.partial(guard.evaluate, tenant="other")
        daemon = self._daemons[-1]
        self._guards.append(Guard.connect(daemon.url, daemon.other))
        return self._guards[-1].evaluate

    def log(self, guard: Guard) -> list[dict]:
        """What the log of what was opened last says, one event for each entry."""
        if self.kind == "daemon":
            lines = self._daemons[-1].run("log", "show", "--log", "placet.db", "--json").splitlines()
            return [json.loads(line)["event"] for line in lines]
        engine = guard._carrier.engine
        size = int(engine.checkpoint().splitlines()[1])
        leaves = [json.loads(engine.receipt(index))["leaf"] for index in range(size)]
        return [json.loads(leaf)["event"] for leaf in leaves]

    def close(self) -> None:
        for guard in self._guards:
            guard.close()
        for daemon in self._daemons:
            daemon.stop()


@pytest.fixture(params=["in process", "daemon"])
def backend(request, tmp_path):
    opened = Backend(request.param, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def guard(backend):
    return backend.open()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """One daemon for all tests of a module."""
    started = Daemon(tmp_path_factory.mktemp("daemon"), policy())
    yield started
    started.stop()


@pytest.fixture
def faulty(daemon):
    """A proxy in front of it."""
    from faulty import Faulty

    with Faulty(daemon.url) as proxy:
        yield proxy


def at_once(*calls):
    """What calls give that are made at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [made.result() for made in [pool.submit(call) for call in calls]]


def program(code: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a program in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", textwrap.dedent(code)],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PLACET_")]:
        monkeypatch.delenv(name)


def nothing_waits(guard: Guard) -> bool:
    """Whether that is so soon: what nobody waits for is taken back behind them."""
    import time

    until = time.monotonic() + PATIENCE
    while waiting := guard.pending():
        if time.monotonic() > until:
            return waiting == []
        time.sleep(0.01)
    return True


def first_pending(guard: Guard, **params):
    """What waits, as soon as something does, with these params."""
    import time

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for held in guard.pending():
            if params.items() <= held.params.items():
                return held
        time.sleep(0.01)
    raise AssertionError("nothing waits")


