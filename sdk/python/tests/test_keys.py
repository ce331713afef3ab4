"""The key of a daemon is in nothing that is raised, nor in what reporters of errors write of it."""

import asyncio
import socket
import traceback

import pytest
from conftest import at_once
from faulty import SETTLE

from placet import Guard, PlacetError, configure

SECRET = "plc_this_is_the_key_of_nobody"

FAULTS = ["hangs", "drips", "closes", 401, 503, b"<html>"]


def chain(error):
    """An exception, and all that led to it, also what is not shown."""
    left, seen = [error], []
    while left:
        one = left.pop()
        if one is not None and one not in seen:
            seen.append(one)
            left += [one.__cause__, one.__context__]
    return seen


def reported(error):
    """What a reporter writes that looks everywhere, and what whoever catches it can read of it."""
    texts = []
    for one in chain(error):
        told = traceback.TracebackException.from_exception(one, capture_locals=True)
        texts += [*told.format(), repr(one), repr(vars(one))]
        request = getattr(one, "_request", None)
        texts.append(repr(None if request is None else request.headers.raw))
    return "".join(texts)


def failed(call):
    """What a call raises, or the call itself gives, as a reporter writes it."""
    try:
        given = call()
    except PlacetError as error:
        return reported(error)
    assert not given
    return repr(given)


def calls(guard):
    run = lambda *_: pytest.fail("it ran")
    yield lambda: guard.evaluate("get_order")
    yield lambda: guard.propose("get_order")
    yield lambda: guard.execute("get_order", {"id": 1}, run)
    yield lambda: asyncio.run(guard.aexecute("get_order", {"id": 1}, run))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_what_fails_at_a_daemon_does_not_show_the_key(faulty, fault):
    faulty.fault = fault
    with Guard.connect(faulty.url, SECRET, timeout=0.3) as guard:
        for written in at_once(*[lambda call=call: failed(call) for call in calls(guard)]):
            assert "Unavailable" in written or "Unauthorized" in written
            assert SECRET not in written


def test_a_daemon_that_is_away_does_not_show_the_key():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Guard.connect(url, SECRET, approver_key=SECRET, timeout=1) as guard:
            for call in [*calls(guard), guard.pending]:
                written = failed(call)
                # What went wrong is said all the same.
                assert "did not answer: " in written and "onnect" in written
                assert SECRET not in written


def test_a_wait_that_fails_does_not_show_the_key(daemon, faulty):
    faulty.at, faulty.fault = SETTLE, 500
    with Guard.connect(faulty.url, daemon.agent, timeout=1) as guard:
        written = failed(lambda: guard.execute("drop_database", {}, print))
        awaited = failed(lambda: asyncio.run(guard.aexecute("drop_database", {}, print)))
    for text in (written, awaited):
        assert "500" in text and daemon.agent not in text


@pytest.mark.parametrize("wrong", [{"mode": "?"}, {"url": "ftp://x"}, {"verify": 7}, {"metrics": 1}])
def test_a_wrong_setting_beside_it_does_not_show_the_key(wrong):
    def connect():
        given = {"url": "http://127.0.0.1:1", **wrong}
        Guard.connect(given.pop("url"), SECRET, approver_key=SECRET, **given)

    written = failed(connect)
    assert "ConfigError" in written and SECRET not in written


@pytest.mark.parametrize("name", ["MODE", "MODEE", "URL"])
def test_nor_do_the_variables(monkeypatch, name):
    for other, value in {"URL": "http://127.0.0.1:1", "KEY": SECRET, name: "?"}.items():
        monkeypatch.setenv(f"PLACET_{other}", value)
    written = failed(configure)
    assert "ConfigError" in written and SECRET not in written
    monkeypatch.undo()
    written = failed(lambda: configure(url="http://127.0.0.1:1", key=SECRET, mode="?"))
    assert "ConfigError" in written and SECRET not in written
