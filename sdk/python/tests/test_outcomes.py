"""What came of a call: of every one that was permitted, and nothing secret in it."""

import asyncio
import datetime
import gc
import os
import textwrap
import time
from decimal import Decimal

import pytest
from conftest import PATIENCE, Daemon, policy, program

from placet import ActionClass, ActionRequest, AuditEntry, RiskTier, Status, supervised


def outcomes(backend, guard):
    """What came of the actions of a guard, in their order."""
    ids = [event["decided"]["id"] for event in backend.log(guard) if "decided" in event]
    return [guard.status(one) for one in ids]


def all_failed(backend, guard):
    """Whether all actions of a guard come to that soon: a daemon is told behind whoever drops something."""
    until = time.monotonic() + PATIENCE
    while set(found := outcomes(backend, guard)) != {Status.FAILED}:
        if time.monotonic() > until:
            return found == [Status.FAILED]
        time.sleep(0.01)
    return True


def counting(to):
    yield from range(to)


def test_a_generator_that_never_begins_did_not_run(backend, guard):
    count = supervised("get_order", guard=guard)(counting)
    dropped = count(1)
    [status] = outcomes(backend, guard)
    assert status not in (Status.FAILED, Status.SUCCEEDED)
    del dropped
    assert all_failed(backend, guard)
    closed = count(2)
    closed.close()
    del closed
    assert all_failed(backend, guard)
    # Also where only the garbage collector comes by.
    circle = [count(3)]
    circle.append(circle)
    del circle
    gc.collect()
    assert all_failed(backend, guard)
    assert list(count(2)) == [0, 1]
    assert outcomes(backend, guard) == [Status.FAILED] * 3 + [Status.SUCCEEDED]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_nor_did_a_coroutine_or_an_async_generator_that_a_function_gives(backend, guard):
    async def awaited():
        return 7

    async def acounting():
        yield 7

    for gives in (awaited, acounting):
        guard.execute("get_order", {}, lambda *_: gives())
        gc.collect()
        assert all_failed(backend, guard)

    async def main():
        assert await guard.execute("get_order", {}, lambda *_: awaited()) == 7
        assert [it async for it in guard.execute("get_order", {}, lambda *_: acounting())] == [7]

    asyncio.run(main())
    assert outcomes(backend, guard)[2:] == [Status.SUCCEEDED] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_what_a_child_drops_may_still_run_here(backend, guard):
    going = supervised("get_order", guard=guard)(counting)(2)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            del going
            gc.collect()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert list(going) == [0, 1]
    assert outcomes(backend, guard) == [Status.SUCCEEDED]


def log_of(kind, daemon, folder):
    """What the log says that a program has written."""
    if kind == "daemon":
        return daemon.run("log", "show", "--log", "placet.db", "--json")
    reader = Daemon.__new__(Daemon)
    reader.folder = folder
    return reader.run("log", "show", "--log", "placet.db", "--json")


AT_THE_END = """
    from placet import Guard, supervised

    guard = {opened}

    @supervised("get_order", guard=guard)
    def count(to):
        yield from range(to)

    left, circle = count(1), [count(2)]
    circle.append(circle)
    print("the end", flush=True)
"""


@pytest.mark.parametrize("kind", ["in process", "daemon"])
def test_what_never_began_by_the_end_of_the_interpreter_did_not_run(kind, daemon, tmp_path):
    """And the interpreter ends."""
    place = {"policy": str(tmp_path / "policy.toml"), "store": str(tmp_path / "placet.db")}
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    of = {
        "in process": "Guard({policy!r}, store={store!r})".format(**place),
        "daemon": f"Guard.connect({daemon.url!r}, {daemon.agent!r})",
    }
    done = program(textwrap.dedent(AT_THE_END).format(opened=of[kind]), PYTHONFAULTHANDLER="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")
    listed = log_of(kind, daemon, tmp_path)
    assert listed.count('"outcome":"failed"') == 2, listed


BEGUN_BY_THE_END = """
    import asyncio
    from placet import Guard, supervised

    guard = {opened}

    @supervised("get_order", guard=guard)
    def count(to):
        yield from range(to)

    @supervised("get_order", guard=guard)
    async def acount(to):
        for n in range(to):
            yield n

    begun = asyncio.Event()

    @supervised("get_order", guard=guard)
    def awaited():
        async def inner():
            begun.set()
            await asyncio.Event().wait()
        return inner()

    left, circle, done = count(3), [count(3)], count(1)
    circle.append(circle)
    next(left), next(circle[0]), list(done)

    async def main():
        global aleft, going
        aleft = acount(3)
        await aleft.__anext__()
        going = asyncio.ensure_future(awaited())
        going._log_destroy_pending = False
        await begun.wait()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    print("the end", flush=True)
"""


@pytest.mark.parametrize("kind", ["in process", "daemon"])
def test_what_was_begun_and_not_ended_by_the_end_of_the_interpreter_failed(kind, daemon, tmp_path):
    place = {"policy": str(tmp_path / "policy.toml"), "store": str(tmp_path / "placet.db")}
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    of = {
        "in process": "Guard({policy!r}, store={store!r})".format(**place),
        "daemon": f"Guard.connect({daemon.url!r}, {daemon.agent!r})",
    }
    before = log_of(kind, daemon, tmp_path) if kind == "daemon" else ""
    code = textwrap.dedent(BEGUN_BY_THE_END).format(opened=of[kind])
    done = program(code, PYTHONFAULTHANDLER="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")
    listed = log_of(kind, daemon, tmp_path).removeprefix(before)
    assert listed.count('"outcome":"succeeded"') == 1, listed
    assert listed.count('"outcome":"failed"') == 4, listed
    assert listed.count('"outcome":') == 5, listed


SECRET_PARAMS = ("/pin", "/card", "/since", "/note")

SECRETS = {
    "pin": "8812-3321",
    "card": {"holder": "Ann Äppel", "limit": Decimal("1234.50"), "code": 98765},
    "since": datetime.date(2024, 2, 29),
    "note": "a line\nand 'another' one of it",
}


def with_secrets(backend, folder, **settings):
    """A guard whose policy calls some params secret, and its files."""
    of = ActionClass("pay", RiskTier.READ, secret=SECRET_PARAMS)
    store = {"store": folder / "placet.db"} if backend.kind == "in process" else {}
    return backend.open(policy(classes=[of], on_review="shadow"), **store, **settings)


def stored(folder):
    """All that is on the disk."""
    return b"".join(file.read_bytes() for file in folder.rglob("placet.db*")).decode(errors="ignore")


def test_a_secret_that_begins_before_the_end_of_what_is_recorded_is_not(backend, tmp_path):
    guard = with_secrets(backend, tmp_path)
    secrets = ["ghp_" + 40 * letter for letter in "xyz"]

    def fails(tool, params):
        raise RuntimeError("-" * (3_980 - params["n"]) + " " + secrets[params["n"]] + " and so on")

    for n in range(2):
        with pytest.raises(RuntimeError, match=secrets[n]):
            guard.execute("get_order", {"n": n}, fails)
    request = ActionRequest("get_order", params={"n": 2})
    entry = AuditEntry(
        request, guard.evaluate(request), approved=None, executed=True, error="-" * 3_980 + secrets[2]
    )
    guard.record(entry)
    assert outcomes(backend, guard) == [Status.FAILED] * 3
    found = stored(tmp_path)
    assert "-" * 3_900 in found
    assert not [part for part in ("ghp_", "xxxx", "yyyy", "zzzz") if part in found]


@pytest.mark.parametrize("mode", [None, "shadow"])
def test_a_param_that_the_policy_calls_secret_is_not_stored_where_an_error_quotes_it(
    backend, tmp_path, mode
):
    settings = {"shadow_limit": 5} if backend.kind == "daemon" else {}
    guard = with_secrets(backend, tmp_path, mode=mode, **settings)

    def fails(tool, params):
        shortened = f"{params['card']['holder'][:8]}..."
        raise LookupError(f"no {params!r} of {params['order']}, {shortened}, {params['since']}")

    async def afails(tool, params):
        fails(tool, params)

    of = {"order": "o-4711-17", **SECRETS}
    with pytest.raises(LookupError, match="8812-3321"):
        guard.execute("pay", of, fails)
    with pytest.raises(LookupError, match="8812-3321"):
        asyncio.run(guard.aexecute("pay", of, afails))
    request = ActionRequest("pay", params=of)
    error = f"no {SECRETS['pin']} of o-4711-17"
    guard.record(AuditEntry(request, guard.evaluate(request), approved=None, executed=True, error=error))
    assert all_failed(backend, guard)
    guard.close()
    found = stored(tmp_path)
    assert found.count("of o-4711-17") >= 3
    parts = ("8812-3321", "Ann ", "ppel", "1234.5", "98765", "2024-02", "(2024", "another", "a line")
    assert not [part for part in parts if part in found]


def test_where_a_secret_cannot_be_told_apart_nothing_is_stored_of_an_error(backend, tmp_path):
    guard = with_secrets(backend, tmp_path)

    def fails(tool, params):
        raise LookupError(f"it is {params['pin']} that is wrong")

    with pytest.raises(LookupError, match="it is 42"):
        guard.execute("pay", {"pin": "42"}, fails)
    assert outcomes(backend, guard) == [Status.FAILED]
    found = stored(tmp_path)
    assert "LookupError: what it said is left out" in found and "that is wrong" not in found


def test_whatever_an_error_says_it_has_an_outcome(backend, guard):
    class Mute(Exception):
        def __str__(self):
            raise TypeError("it says nothing")

    for error in (Mute(), LookupError("half a character: \ud800")):

        def fails(tool, params):
            raise error

        with pytest.raises(type(error)) as raised:
            guard.execute("get_order", {}, fails)
        assert raised.value is error
        assert outcomes(backend, guard)[-1] is Status.FAILED
