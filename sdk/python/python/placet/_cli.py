"""The `placet` command."""

from __future__ import annotations

import signal
import sys

from ._core import run_command


def main() -> int:
    """Runs the command; Ctrl-C ends it as it ends any other."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return run_command(["placet", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
