"""What a process that is forked from this one has to make anew: a lock that another thread holds at that
moment is held in the child for ever, because the thread is not there."""

from __future__ import annotations

import os
from collections.abc import Callable


def in_each_child(renew: Callable[[], object]) -> None:
    """Has something made anew in every process that is forked from this one, where there is such a
    thing."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)
