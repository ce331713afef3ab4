"""Runs a command on a terminal of its own, writes to it, and says how it ended.

Each argument before `--` is a step: `see:TEXT` waits until the text was written,
`type:TEXT` types it, with `\r` for Enter. At the end the terminal must be as it was before.
"""

import fcntl, os, pty, select, struct, sys, termios, time

PATIENCE = 60

split = sys.argv.index("--")
steps, command = sys.argv[1:split], sys.argv[split + 1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
before = termios.tcgetattr(terminal)
written = b""


def read(limit):
    global written
    ready, _, _ = select.select([terminal], [], [], limit)
    if not ready:
        return False
    try:
        got = os.read(terminal, 65536)
    except OSError:
        return False
    written += got
    return bool(got)


for step in steps:
    kind, text = step.split(":", 1)
    if kind == "type":
        os.write(terminal, text.encode().decode("unicode_escape").encode("latin-1"))
        continue
    start = time.monotonic()
    while text.encode() not in written:
        read(0.2)
        if time.monotonic() - start > PATIENCE:
            sys.exit(f"never saw {text!r}, only {written[-3000:]!r}")
while True:
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        break
    read(0.05)
while read(0.1):
    pass
try:
    after = termios.tcgetattr(terminal)
    assert after[:4] == before[:4], "the terminal is not as it was"
except termios.error:
    pass
assert b"\x1b[?1049h" in written and b"\x1b[?1049l" in written, "another screen was not left"
print(os.waitstatus_to_exitcode(status))
