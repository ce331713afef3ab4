"""The pages about the package do what they say: their snippets run, and print what stands below."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Daemon

import placet

ROOT = Path(__file__).parents[3]

PAGES = ["docs/python.md", "README.md", "sdk/python/README.md"]
PAGES += sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("from-*.md"))

BEGIN = ["docs/python.md", "sdk/python/README.md"]
"""Those that a new user begins with, and so have all that they need: a policy, and commands that run."""

BLOCK = re.compile(r"^```(python|toml|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""What runs. Snippets of others are fenced as ``py``."""

INSTALL = "pip install ./sdk/python\n"
"""What has been done already."""

LONGEST = 120
"""How long a new user may take, in seconds. What they read takes longer than what they run."""


def blocks(text):
    return BLOCK.findall(text)


FILE = re.compile(r"`([\w-]+\.toml)`")
"""How a page names the file of a policy, in the paragraph above it."""


def files_of(text):
    """The policies of a page by their numbers, with the files that they are written into."""
    places = [match for match in BLOCK.finditer(text) if match[1] == "toml"]
    above = [text[: match.start()].rstrip().rpartition("\n\n")[2] for match in places]
    return [(match[2], FILE.findall(words)[-1:]) for match, words in zip(places, above, strict=True)]


def page_of(name):
    return (ROOT / name).read_text()


def printed_below(code):
    """What a snippet says that it prints."""
    return [line.strip()[2:] for line in code.splitlines() if line.strip().startswith("# ")]


def shell(command, folder):
    """Runs a command as somebody does who has installed the package."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = page_of(page)
    if page not in BEGIN:
        # Who reads one of the others has read the first page, and has its policy.
        first = blocks(page_of(PAGES[0]))
        Path("policy.toml").write_text(next(code for kind, code in first if kind == "toml"))
    names: dict[str, object] = {}
    assert any(kind == "python" for kind, _ in blocks(text))
    files = iter(files_of(text))
    with daemon_of(text, tmp_path, monkeypatch):
        for kind, code in blocks(text):
            if kind == "toml":
                policy, named = next(files)
                Path(*(named or ["policy.toml"])).write_text(policy)
            elif kind == "python":
                said = io.StringIO()
                with contextlib.redirect_stdout(said):
                    exec(compile(code, page, "exec"), names)
                assert said.getvalue().splitlines() == printed_below(code)
            elif page in BEGIN and code != INSTALL:
                shell(code, tmp_path)
        placet.unconfigure()


@pytest.mark.parametrize("page", PAGES)
def test_each_policy_of_a_page_has_a_file_of_its_own(page):
    """Whoever writes them all down, and then what reads them, has not replaced one by another."""
    files = [file for _, named in files_of(page_of(page)) for file in named]
    assert len(set(files)) == len(files)
    if page != "README.md":
        assert len(files) == len(files_of(page_of(page)))


@contextlib.contextmanager
def daemon_of(text, folder, monkeypatch):
    """A daemon with the policy of a page, where that asks one."""
    if "PLACET_URL\"]" not in text:
        yield
        return
    made = folder / "daemon"
    made.mkdir()
    daemon = Daemon(made, next(code for kind, code in blocks(text) if kind == "toml"))
    monkeypatch.setenv("PLACET_URL", daemon.url)
    monkeypatch.setenv("PLACET_KEY", daemon.agent)
    try:
        yield
    finally:
        daemon.stop()


@pytest.mark.parametrize("page", BEGIN)
def test_a_new_user_gets_what_the_page_promises(page, tmp_path):
    """In a folder of their own: what the page says is written into a file and run, and nothing else."""
    text = page_of(page)
    if page == "docs/python.md":
        heading, text = re.split(r"^## ", text, flags=re.MULTILINE)[1].split("\n", 1)
        assert heading == "Two minutes"
    steps = blocks(text)
    assert [kind for kind, _ in steps] == ["sh", "toml", "python", "sh"]
    [(_, install), (_, policy), (_, code), (_, command)] = steps
    assert install == INSTALL and "`policy.toml`" in text and len(code.splitlines()) < 20
    (tmp_path / "policy.toml").write_text(policy)
    (tmp_path / "agent.py").write_text(code)
    said = shell("python agent.py", tmp_path)
    assert said.splitlines() == printed_below(code)
    assert shell(command, tmp_path) and (tmp_path / "placet.db").exists()
    assert shutil.which("placet", path=str(Path(sys.executable).parent))
