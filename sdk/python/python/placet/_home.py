"""Where what the package offers is at home."""

from __future__ import annotations


def at_home(*classes: type) -> None:
    """Names the package as the home of classes, as whoever uses them does: in the last line of a
    traceback, and in what is pickled. Not for dataclasses, whose annotations are looked up there."""
    for kind in classes:
        kind.__module__ = __package__ or "placet"
