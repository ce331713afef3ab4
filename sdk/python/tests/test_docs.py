"""The pages about the package do what they say: their snippets run, and print what stands below."""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"

PAGES = ["python.md", *sorted(page.name for page in DOCS.glob("from-*.md"))]

BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""What runs. Snippets of others are fenced as ``py``."""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCK.findall((DOCS / page).read_text())
    assert any(kind == "python" for kind, _ in blocks)
    for kind, text in blocks:
        if kind == "toml":
            Path("policy.toml").write_text(text)
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, page, "exec"), names)
        said = [line.strip()[2:] for line in text.splitlines() if line.strip().startswith("# ")]
        assert printed.getvalue().splitlines() == said
