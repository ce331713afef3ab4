"""What the program's own log is told. Nothing of it is loaded before there is something to say."""

from __future__ import annotations


def warn(text: str, *of: object, error: BaseException | None = None) -> None:
    """Says that something is wrong, with where it came from, if anywhere."""
    import logging

    logging.getLogger("placet").warning(text, *of, exc_info=error)


def note(text: str, *of: object) -> None:
    """Says something that only somebody wants to know who looks for it."""
    import logging

    logging.getLogger("placet").info(text, *of)
