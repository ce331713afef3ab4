"""The scripts that measure the package still run with it. What they measure it beside is left out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "bench/python"


@pytest.mark.parametrize(
    "words",
    ["calls.py evaluate 0.05", "calls.py safe 0.05", "calls.py approved 0.05", "calls.py shadow 0.05"]
    + ["waits.py placet 20", "imports.py 1"],
)
def test_a_script_measures(words, tmp_path):
    script, *rest = words.split()
    done = subprocess.run(
        [sys.executable, SCRIPTS / script, *rest],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert any(figure > 0 for figure in json.loads(done.stdout).values())
    assert list(tmp_path.iterdir()) == []
