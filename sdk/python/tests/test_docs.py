"""The page about the package does what it says: its snippets run, and print what stands below."""

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/python.md"

BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCK.findall(PAGE.read_text())
    assert [kind for kind, _ in blocks].count("python") >= 4
    for kind, text in blocks:
        if kind == "toml":
            Path("policy.toml").write_text(text)
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, str(PAGE), "exec"), names)  # noqa: S102
        said = [line.strip().removeprefix("# ") for line in text.splitlines() if _is_output(line)]
        assert printed.getvalue().splitlines() == said
    names["guard"].close()


def _is_output(line: str) -> bool:
    return line.strip().startswith("# ")
