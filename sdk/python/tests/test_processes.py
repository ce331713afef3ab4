"""Processes that start others: each has its own guard, and is told so where it has not."""

import asyncio
import ssl
import subprocess
import sys
import textwrap

import pytest
from conftest import policy, program

from placet import Guard

PROGRAM = """
    import multiprocessing, sys
    from placet import Guard, PlacetError

    def asks(queue, url, key):
        with Guard.connect(url, key) as guard:
            queue.put(guard.propose("get_order", params={"id": 2}).verdict.value)

    def opens(queue, policy):
        try:
            with Guard(policy) as guard:
                queue.put(guard.propose("get_order", params={"id": 2}).verdict.value)
        except PlacetError as error:
            queue.put(str(error))

    def given(queue, guard):
        queue.put("it came over")

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        queue = context.Queue()

        def said(target, *of):
            process = context.Process(target=target, args=(queue, *of))
            process.start()
            answer = queue.get(timeout=60)
            process.join(60)
            assert process.exitcode == 0, process.exitcode
            return answer

        print(said(asks, *sys.argv[2:4]))
        guard = Guard("policy.toml")
        print(said(opens, "policy.toml"))
        try:
            said(given, guard)
        except TypeError as error:
            print(error)
        guard.close()
        print(said(opens, "policy.toml"))
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_process_that_is_started_anew_opens_a_guard_of_its_own(daemon, tmp_path, method):
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    done = subprocess.run(
        [sys.executable, file, method, daemon.url, daemon.agent],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    asked, taken, pickled, opened = done.stdout.splitlines()
    assert (asked, opened) == ("allow", "allow")
    assert "is in use by process" in taken
    assert "cannot be pickled" in pickled


SERVER = """
    import os, signal
    from placet import Guard, PlacetError

    {before}

    def worker():
        {inside}
        return guard.execute("get_order", {{"id": os.getpid()}}, lambda tool, params: "ran")

    # As a server does that loads the program before it forks its workers.
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                print(worker(), flush=True)
            except PlacetError as error:
                print(error, flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
"""


def served(folder, before, inside="pass"):
    done = program(SERVER.format(before=before, inside=inside), folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_workers_of_a_server_that_loads_its_program_first(daemon, tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    connect = f"guard = Guard.connect({daemon.url!r}, {daemon.agent!r})"
    assert served(tmp_path, connect) == ["ran"] * 3
    log = 'guard = Guard("policy.toml", store="own.db")'
    told = served(tmp_path, log)
    assert len(told) == 3 and all("Guard.connect" in line for line in told)
    assert served(tmp_path, "", f"global guard; {log}") == ["ran"] * 3


HELD = """
    import os, signal, threading
    from placet import Guard, configure, supervised
    import placet._hurry, placet._module

    guard = Guard.connect({url!r}, {key!r}, {settings})
    configure(guard)
    is_held = threading.Event()

    def hold():
        {hold}
        is_held.set()
        threading.Event().wait()

    threading.Thread(target=hold, daemon=True).start()
    is_held.wait()
    child = os.fork()
    if child == 0:
        # Who hangs is ended, and not waited for.
        signal.alarm(20)
        print(supervised("get_order", {fields})(lambda id: "ran")(7), flush=True)
        os._exit(0)
    print(os.waitpid(child, 0)[1])
"""

HOLDS = {
    "who looks for the guard": ("placet._module._lock.acquire()", "", ""),
    "who takes a key": ("guard._once._lock.acquire()", "", "idempotency_key='k'"),
    "calls that hang in shadow": (
        "[placet._hurry._places.acquire() for _ in range(placet._hurry._AT_A_TIME)]",
        "mode='shadow', shadow_limit=30",
        "",
    ),
}


@pytest.mark.parametrize("what", HOLDS)
def test_what_a_thread_holds_at_the_fork_is_free_in_the_child(daemon, what):
    hold, settings, fields = HOLDS[what]
    of = {"hold": hold, "settings": settings, "fields": fields}
    done = program(HELD.format(url=daemon.url, key=daemon.agent, **of))
    assert done.stdout == "ran\n0\n", (done.stdout, done.stderr)
    assert "without a decision" not in done.stderr


def test_without_tls_nothing_of_it_is_made_where_it_could_hang(daemon, monkeypatch):
    """OpenSSL has locks that a child keeps locked when it is forked in the moment in which a thread ends
    that has used it."""

    class Locked:
        def __new__(cls, *_):
            raise AssertionError("it would hang in a child")

    with Guard.connect(daemon.url, daemon.agent) as guard:
        monkeypatch.setattr(ssl, "SSLContext", Locked)
        assert guard.propose("get_order").is_allowed
        assert asyncio.run(guard.apropose("get_order")).is_allowed


ENDS = {
    "a daemon thread that waits": """
        threading.Thread(target=wait, daemon=True).start()
        first()
    """,
    "a thread that waits, and is answered when the program is at its end": """
        threading.Thread(target=wait).start()
        held = first()

        def answer():
            threading.main_thread().join()
            guard.resolve(held.request_id, True)

        threading.Thread(target=answer, daemon=True).start()
    """,
    "a task that waits": """
        async def main():
            task = asyncio.create_task(guard.aexecute("drop_database", own, print))
            while not await asyncio.to_thread(waiting):
                assert not task.done()

        asyncio.run(main())
    """,
    "a loop that is never closed": """
        loop = asyncio.new_event_loop()
        task = loop.create_task(guard.aexecute("drop_database", own, print))
        loop.run_until_complete(asyncio.sleep(0.3))
        assert not task.done()
    """,
}

END = """
    import asyncio, os, threading, time
    from placet import Guard

    guard, own = {opened}, {{"of": os.getpid()}}

    def wait():
        print(guard.execute("drop_database", own, lambda *_: "ran"))

    def waiting():
        # What another program left open is none of ours.
        return [held for held in guard.pending() if held.params == own]

    def first():
        while not waiting():
            time.sleep(0.01)
        return waiting()[0]

    {waits}
    print("the end", flush=True)
"""


@pytest.fixture
def opened(daemon, tmp_path):
    """How a guard is opened of each kind."""
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    return {
        "in process": f"Guard({str(tmp_path / 'policy.toml')!r}, store=':memory:')",
        "daemon": f"Guard.connect({daemon.url!r}, {daemon.agent!r}, approver_key={daemon.approver!r})",
    }


@pytest.mark.parametrize("kind", ["in process", "daemon"])
@pytest.mark.parametrize("waits", ENDS)
def test_the_interpreter_ends_while_somebody_waits(opened, kind, waits):
    code = textwrap.dedent(END).format(opened=opened[kind], waits=textwrap.dedent(ENDS[waits]))
    done = program(code, PYTHONFAULTHANDLER="1")
    expected = "the end\nran\n" if "answered" in waits else "the end\n"
    assert (done.returncode, done.stdout) == (0, expected), done.stderr


def test_a_guard_is_not_copied(tmp_path):
    import copy
    import pickle

    with Guard(policy()) as guard:
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="open one in each process"):
                copied(guard)


THREADS = """
    import os, sys, threading
    from placet import Guard

    guard = Guard.connect({url!r}, {key!r})
    guard.propose("get_order", params={{"id": 1}})
    parents = guard._carrier._client
    assert parents is not None
    child = os.fork()
    if child:
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    # Threads that begin at the same moment all find that nothing of the parent's is left.
    had, said, begin = [guard._carrier._client is parents], [], threading.Barrier(8)

    def asks(number):
        begin.wait(30)
        said.append(guard.propose("get_order", params={{"id": number}}).verdict.value)
        had.append(guard._carrier._client is parents)

    threads = [threading.Thread(target=asks, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    os._exit(0 if said == ["allow"] * 8 and not any(had) else 3)
"""


def test_threads_of_a_child_never_have_the_connections_of_its_parent(daemon):
    done = program(THREADS.format(url=daemon.url, key=daemon.agent))
    assert done.returncode == 0, done.stderr
