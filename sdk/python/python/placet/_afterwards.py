"""Taking back at a daemon what nobody waits for any more, although it is away or its guard is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import Unavailable
from ._step import Post, Step

if TYPE_CHECKING:
    from ._remote import Remote


class Lasting:
    """A daemon that may be away just now. What nobody waits for any more is taken back when it is there
    again, so that people do not answer it for nobody."""

    is_hurried = False

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self.look_every = remote.look_every

    def do(self, step: Step) -> Any:
        """Carries out a step and waits for what comes of it, if there is anybody."""
        try:
            return self._remote.do(step)
        except Unavailable as error:
            if step.name != "withdraw" or not error.may_pass:
                raise
        self._remote.persist(step)

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop."""
        return self.do(step)

    def post(self, of: Post) -> None:
        """Carries out steps for whose result nobody waits."""
        self._remote.post(of)

    def close(self) -> None:
        """Whoever opened the daemon closes it."""


class Afterwards:
    """A daemon whose connections are closed. What turns out only then to be waited for by nobody is
    taken back all the same."""

    is_hurried = False

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self.look_every = remote.look_every

    def do(self, step: Step) -> Any:
        """Carries out a step and waits for what comes of it."""
        return self._remote.say_afterwards(step) if step.name == "withdraw" else self._remote.do(step)

    async def ado(self, step: Step) -> Any:
        """The same on the running event loop."""
        return self.do(step)

    def post(self, of: Post) -> None:
        """Carries out steps for whose result nobody waits."""
        self._remote.post(of)

    def close(self) -> None:
        """It is closed."""
