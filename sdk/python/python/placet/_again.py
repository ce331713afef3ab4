"""Opening a guard in the place of another one that has the same log: a log has one guard at a time."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._local import Local
from ._opening import engine_of, place_of

if TYPE_CHECKING:
    from weakref import finalize

    from ._drive import Carrier
    from ._settings import Settings


class Again:
    """The part of a guard that gives its log to another one."""

    _carrier: Carrier
    _settings: Settings
    _end: finalize[..., Any]

    def _has_log_of(self, settings: Settings) -> bool:
        """Whether it is open and has the log that a guard with these settings would open."""
        own = self._settings
        if not self._end.alive or not isinstance(self._carrier, Local) or settings.url is not None:
            return False
        here, there = place_of(own.policy, own.store), place_of(settings.policy, settings.store)
        if here is None or there is None:
            return False
        return os.path.realpath(here) == os.path.realpath(there)

    @contextmanager
    def _letting_go(self) -> Generator[None, None, None]:
        """Closes the log for another guard, and opens it again where there comes none."""
        own, carrier = self._settings, self._carrier
        carrier.close()
        try:
            yield
        except BaseException:
            if isinstance(carrier, Local):
                carrier.engine = engine_of(own.policy, own.store)
            raise
