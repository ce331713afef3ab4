"""The package as it is installed: its command, its names, and what importing it does."""

import dataclasses
import importlib.metadata
import pickle
import re
import subprocess
import sys
import sysconfig
import typing
from pathlib import Path

import pytest
from conftest import program

import placet


def run(*command, cwd=None):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd)


def test_it_is_installed_and_typed():
    package = importlib.metadata.distribution("placet")
    assert package.version == placet.__version__
    files = {str(file) for file in package.files}
    assert {"placet/py.typed", "placet/_core.pyi", "placet/_core.abi3.so"} <= files
    assert Path(placet.__file__).is_relative_to(sysconfig.get_path("platlib"))


def test_it_brings_the_command_along(tmp_path):
    command = Path(sysconfig.get_path("scripts")) / "placet"
    assert run(command, "--version").stdout == f"placet {placet.__version__}\n"
    (tmp_path / "policy.toml").write_text('version = 1\n[actions.get_order]\nrisk = "read"\n')
    linted = run(command, "policy", "lint", "policy.toml", cwd=tmp_path)
    assert linted.returncode == 0, linted.stderr
    assert run(command, "no-such-command").returncode == 2


def test_every_name_is_there_and_known_to_type_checkers():
    for name in placet.__all__:
        assert getattr(placet, name) is not None and name in dir(placet)
    face = Path(placet.__file__).with_suffix(".pyi").read_text()
    typed = re.findall(r"^from (\.\w+) import (\w+) as \2$", face, re.MULTILINE)
    assert sorted(name for _, name in typed) == list(placet.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        placet.no_such_name


def test_a_class_is_at_home_where_it_is_imported_from():
    own = [getattr(placet, name) for name in placet.__all__]
    classes = [it for it in own if isinstance(it, type)]
    # Those of the annotations of a dataclass are looked up where it is written.
    plain = [it for it in classes if not dataclasses.is_dataclass(it)]
    assert len(plain) > 25 and {it.__module__ for it in plain} == {"placet"}
    for it in (placet.Verdict.BLOCK, placet.Status.PENDING, placet.Guard, placet.KillSwitch):
        assert pickle.loads(pickle.dumps(it)) is it
    for written in (placet.SignOff, placet.Refusal, placet.ApprovalTerms, placet.EvalMetrics):
        assert typing.get_type_hints(written)
    # What was pickled when they still had the name of the module that they are written in.
    old = b"cplacet._types\nVerdict\n(S'block'\ntR."
    assert pickle.loads(old) is placet.Verdict.BLOCK
    last = program("import placet; raise placet.Blocked('no')").stderr.splitlines()[-1]
    assert last == "placet.Blocked: no"


IMPORT = """
    import _thread, os, sys

    def starts(*of, **named):
        raise AssertionError(f"import started {of}")

    # Below Python 3.12 there is no event for that.
    for name in ("start_new_thread", "start_joinable_thread"):
        if hasattr(_thread, name):
            setattr(_thread, name, starts)

    def held():
        # What no event tells of: the module's own threads and files, where the system shows them.
        lists = [f"/proc/self/{of}" for of in ("task", "fd")]
        return [sorted(os.listdir(of)) for of in lists if os.path.isdir(of)]

    before, held_before = set(sys.modules), held()

    def watch(event, details):
        if event == "open" and (details[1] not in ("r", "rb", None) or details[2] & 3):
            raise AssertionError(f"import opened {details}")
        if event.partition(".")[0] in ("socket", "subprocess", "_thread", "os", "shutil", "tempfile"):
            # Looking for modules lists folders.
            if event != "os.listdir":
                raise AssertionError(f"import did {event} {details}")

    sys.addaudithook(watch)
    from placet import Guard, configure, guarded, supervised

    heavy = "asyncio dataclasses decimal hashlib httpx inspect logging numpy pathlib uuid".split()
    found = (set(sys.modules) - before) & set(heavy)
    assert not found, found
    assert held() == held_before, (held_before, held())
"""


def test_importing_it_touches_nothing(tmp_path):
    done = program(IMPORT, tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


SUBINTERPRETER = """
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters

    {first}
    code = "try:\\n import placet\\nexcept ImportError as error:\\n print(error)"
    for config in {configs}:
        one = interpreters.create(*config)
        run = getattr(interpreters, "exec", None) or interpreters.run_string
        run(one, code)
        interpreters.destroy(one)
    from placet import Guard
    print(Guard().execute("read_file", {{"path": "notes.txt"}}, lambda *_: "ran"))
"""


@pytest.mark.parametrize("first", ["", "from placet import Guard"])
def test_a_subinterpreter_is_refused(first):
    configs = [(), ("legacy",)] if sys.version_info >= (3, 13) else [()]
    done = program(SUBINTERPRETER.format(first=first, configs=configs))
    assert done.returncode == 0, done.stderr
    *refused, ran = done.stdout.splitlines()
    assert len(refused) == len(configs) and ran == "ran"
    assert all("only in the main interpreter" in line for line in refused), refused


def test_a_free_threaded_build_is_refused(monkeypatch):
    from placet._alone import check

    check()
    monkeypatch.setattr(sys, "abiflags", "t")
    with pytest.raises(ImportError, match="free-threaded"):
        check()
