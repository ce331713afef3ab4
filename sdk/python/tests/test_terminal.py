"""Asking at the terminal: a person types at a real one, of a process of its own."""

import os
import pty
import select
import signal
import sys
import textwrap
import time

import pytest
from conftest import PATIENCE

PROGRAM = """
    from placet import ActionDenied, Guard, Terminal

    guard = Guard(ask=Terminal("ann"), review_timeout={timeout})
    result = guard.execute("delete_file", {{"path": "notes.txt"}}, lambda *_: "it is gone")
    print("came of it:", result if result else f"nothing, {{result.reason}}", guard.pending())
"""

STATEMENT = "I looked at the file, and nobody needs it any more. Remove it."


BACKGROUND = """
    import os, signal, sys
    from placet import Guard, Terminal

    said = int(sys.argv[1])
    job = os.fork()
    if job == 0:
        # What a shell makes of "agent.py &". Whose shell is gone is in an orphaned group.
        os.setpgid(0, 0)
        if {is_orphaned} and os.fork():
            os._exit(0)
        signal.alarm({patience})
        guard = Guard(ask=Terminal("ann"))
        result = guard.execute("delete_file", {{"path": "notes.txt"}}, lambda *_: "it is gone")
        os.write(said, f"{{bool(result)}} {{result.reason}} {{guard.pending()}}".encode())
        os._exit(0)
    if os.WIFSTOPPED(os.waitpid(job, os.WUNTRACED)[1]):
        os.write(said, b"it was stopped")
    signal.pause()
"""

HUNG_UP = """
    import os, signal, sys
    from placet import Guard, Terminal

    said = int(sys.argv[1])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    guard = Guard(ask=Terminal("ann"))
    result = guard.execute("delete_file", {"path": "notes.txt"}, lambda *_: "it is gone")
    os.write(said, f"{bool(result)} {result.reason} {guard.pending()}".encode())
"""


def read(terminal, until):
    """What comes next; nothing when the program has ended, or says nothing for too long."""
    readable, _, _ = select.select([terminal], [], [], max(0, until - time.monotonic()))
    try:
        return os.read(terminal, 4096) if readable else b""
    except OSError:
        return b""


def typed(answers, timeout="None"):
    """What a program shows to a person who answers each question as it comes."""
    child, terminal = pty.fork()
    if child == 0:
        code = textwrap.dedent(PROGRAM).format(timeout=timeout)
        os.execv(sys.executable, [sys.executable, "-c", code])
    shown, answers, until = "", list(answers), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        part = read(terminal, until)
        if not part:
            break
        shown += part.decode(errors="replace")
        if answers and shown.endswith(answers[0][0]):
            answer = answers.pop(0)[1]
            os.write(terminal, answer if isinstance(answer, bytes) else answer.encode() + b"\n")
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0, shown
    return shown


def test_whoever_types_approve_and_why_lets_it_run():
    shown = typed(
        [
            ("Type approve or deny: ", "y"),
            ("Type approve or deny: ", "approve"),
            ("verbatim_response: ", STATEMENT),
            ("responsible_owner: ", "ann"),
        ]
    )
    assert '/path      "notes.txt"' in shown
    assert "came of it: it is gone []" in shown


def test_whoever_types_deny_says_why():
    shown = typed([("Type approve or deny: ", "deny"), ("is told: ", "keep it")])
    assert "came of it: nothing, keep it []" in shown


def test_nobody_types_anything_in_time():
    shown = typed([], timeout="0.3")
    assert "came of it: nothing, nobody answered in time []" in shown


def test_the_end_of_the_input_is_a_no():
    shown = typed([("Type approve or deny: ", b"\x04")])
    assert "came of it: nothing, the input at the terminal ended without an answer []" in shown


def test_a_denial_whose_reason_is_no_text_is_one_all_the_same():
    shown = typed(
        [
            ("Type approve or deny: ", "deny"),
            ("is told: ", b"caf\xe9\n"),
            ("is told: ", b"\x04"),
        ]
    )
    assert "came of it: nothing, it was denied at the terminal, without a reason []" in shown


def said(program, last=None):
    """What a program with a terminal of its own says elsewhere. Where ``last`` is named, its terminal
    is gone once it shows that."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", textwrap.dedent(program), str(writer)])
    os.close(writer)
    until = time.monotonic() + PATIENCE
    try:
        shown = b""
        while last is not None and last not in shown:
            part = read(terminal, until)
            assert part, shown
            shown += part
        if last is not None:
            os.close(terminal)
        return read(reader, until).decode()
    finally:
        if last is None:
            os.close(terminal)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)


@pytest.mark.parametrize("is_orphaned", [False, True])
def test_in_the_background_the_answer_is_no_and_nothing_stops_the_program(is_orphaned):
    came = said(BACKGROUND.format(is_orphaned=is_orphaned, patience=PATIENCE))
    assert came.startswith("False this program is in the background of its terminal")
    assert came.endswith("[]")


def test_a_terminal_that_is_gone_is_a_no():
    came = said(HUNG_UP, last=b"Type approve or deny: ")
    assert came == "False the input at the terminal ended without an answer []"
