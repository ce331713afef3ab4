"""A wrong setting is an error, never a default."""

import subprocess
import sys
import textwrap

import pytest
from conftest import policy

from placet import ConfigError, Guard, Invalid, PlacetError, configure, guarded, supervised
from placet._settings import Settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "Shadow"},
        {"mode": ""},
        {"mode": True},
        {"sample_percent": 101},
        {"sample_percent": -1},
        {"sample_percent": "many"},
        {"sample_percent": float("nan")},
        {"on_review": "ask"},
        {"review_timeout": 0},
        {"review_timeout": float("inf")},
        {"timeout": "soon"},
        {"url": "localhost:4747"},
        {"url": "http://127.0.0.1:1"},
        {"key": 7},
        {"no_such_setting": 1},
        {"url": "http://127.0.0.1:1", "key": "k", "policy": "policy.toml"},
    ],
)
def test_a_wrong_setting_is_an_error(wrong):
    with pytest.raises(ConfigError):
        Settings().changed(**wrong)
    with pytest.raises(ConfigError):
        configure(**wrong)


@pytest.mark.parametrize(
    "name, value",
    [("MODE", "enforced"), ("SAMPLE_PERCENT", "ten"), ("ON_REVIEW", "?"), ("URL", "ftp://x")],
)
def test_a_wrong_variable_is_an_error(monkeypatch, name, value):
    monkeypatch.setenv(f"PLACET_{name}", value)
    with pytest.raises(ConfigError, match=f"PLACET_{name}|ftp"):
        configure()


def test_the_variables_are_enough(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    code = """
        from placet import supervised

        @supervised("get_order")
        def get_order(id):
            return id

        print(get_order(7))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={**__import__("os").environ, "PLACET_POLICY": "policy.toml"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "7\n", done.stderr
    assert (tmp_path / "placet.db").exists()


def test_the_configured_guard_is_used():
    configure(Guard(policy()))

    @supervised("get_order")
    def get_order(id):
        return id

    assert get_order(7) == 7
    assert guarded("get_order", {"id": 7}, lambda id: id, 7) == 7


def test_a_missing_policy_is_named(tmp_path):
    with pytest.raises(PlacetError, match="nowhere.toml"):
        Guard(tmp_path / "nowhere.toml")


def test_a_log_has_one_process(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    with Guard(tmp_path / "policy.toml"):
        with pytest.raises(PlacetError, match="in use"):
            Guard(tmp_path / "policy.toml")
    Guard(tmp_path / "policy.toml").close()


def test_a_closed_guard_says_so():
    guard = Guard(policy())
    guard.close()
    guard.close()
    with pytest.raises(PlacetError, match="closed"):
        guard.evaluate("get_order")


def test_a_policy_that_makes_no_sense_is_an_error():
    with pytest.raises((ConfigError, Invalid)):
        Guard(policy(sample_percent=200.0))
    with pytest.raises((ConfigError, Invalid)):
        Guard(policy(unclassified="allow"))


def test_a_log_is_free_once_its_guard_is_closed(tmp_path):
    (tmp_path / "policy.toml").write_text(policy().to_toml())
    for turn in range(20):
        settings = {"confirm": lambda request: True} if turn % 2 else {"review_timeout": 0.01}
        with Guard(tmp_path / "policy.toml", **settings) as guard:
            guard.execute("issue_refund", {"amount": turn}, lambda *_: True)
