"""The pages about the package do what they say: their snippets run, and print what stands below."""

import contextlib
import io
import re
from pathlib import Path

import pytest

import placet

ROOT = Path(__file__).parents[3]

PAGES = ["docs/python.md", "README.md", "sdk/python/README.md"]
PAGES += sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("from-*.md"))

BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""What runs. Snippets of others are fenced as ``py``."""


def blocks(page):
    return BLOCK.findall((ROOT / page).read_text())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Who reads a page has read the first one, and has its policy.
    Path("policy.toml").write_text(next(text for kind, text in blocks(PAGES[0]) if kind == "toml"))
    names: dict[str, object] = {}
    assert any(kind == "python" for kind, _ in blocks(page))
    for kind, text in blocks(page):
        if kind == "toml":
            Path("policy.toml").write_text(text)
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, page, "exec"), names)
        said = [line.strip()[2:] for line in text.splitlines() if line.strip().startswith("# ")]
        assert printed.getvalue().splitlines() == said
    placet.unconfigure()


def test_the_first_page_begins_with_what_a_new_user_does():
    first, *_ = re.findall(r"^## (.*)$", (ROOT / PAGES[0]).read_text(), re.MULTILINE)
    assert first == "Two minutes"
