"""A proxy in front of a daemon that hangs, breaks, or says what the daemon did not say."""

import functools
import http.server
import json
import re
import socket
import threading

import httpx
from conftest import PATIENCE


class Faulty:
    """A proxy in front of a daemon, which answers in its place as it is told."""

    def __init__(self, target: str | None, fault=None, at: str = "") -> None:
        self.fault = fault
        self.at = at
        """A pattern that is found in the paths that the fault is for."""
        faulty = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                faulty.answer(self)

            do_GET = do_DELETE = do_POST

            def log_message(self, *_):
                pass

        self._target = target
        self._over = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Who hangs up is none of our business.
        self._server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        # How often it looks whether it is to end; a test waits for that.
        serve = functools.partial(self._server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()

    def answer(self, request) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        match self.fault if re.search(self.at, request.path) else None:
            case None:
                self._forward(request, body)
            case "never answers a wait" if request.headers.get("prefer", "wait=0") == "wait=0":
                self._forward(request, body)
            case "hangs" | "never answers a wait":
                self._over.wait(PATIENCE)
                request.close_connection = True
            case "drips":
                request.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not self._over.wait(0.05):
                    try:
                        request.wfile.write(b"x-more: 1\r\n")
                    except OSError:
                        return
            case "closes":
                request.close_connection = True
                request.connection.shutdown(socket.SHUT_RDWR)
            case int(status):
                self._send(request, status, b'{"type": "about:blank", "status": %d}' % status)
            case bytes(nonsense):
                self._send(request, 200, nonsense)
            case changed:
                self._forward(request, body, changed)

    def _forward(self, request, body: bytes, changed=None) -> None:
        left_out = {"host", "connection"}
        if changed is not None:
            # Nobody has to wait for what is not believed anyway.
            left_out.add("prefer")
        headers = {k: v for k, v in request.headers.items() if k.lower() not in left_out}
        response = httpx.request(
            request.command, self._target + request.path, content=body, headers=headers, timeout=60
        )
        content = response.content
        if changed is not None and response.is_success:
            content = json.dumps(changed(response.json())).encode()
        self._send(request, response.status_code, content)

    def _send(self, request, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("content-length", str(len(body)))
        request.send_header("content-type", "application/json")
        request.end_headers()
        request.wfile.write(body)

    def __enter__(self) -> "Faulty":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


PROPOSE = r"/v1/actions(\?|$)"
SETTLE = r"/v1/actions/[^/]*$"
REDEEM = r"/redeem$"
OUTCOME = r"/outcome$"
"""Where the requests of one call go."""

FAULTS = [
    "hangs",
    "drips",
    "closes",
    401,
    403,
    404,
    429,
    500,
    503,
    b"",
    b"<html>",
    b"[]",
    b"null",
    b'"allow"',
    b"{}",
    b'{"verdict": "allow"}',
    b'{"verdict": true}',
    b'{"verdict": "ALLOW", "mode": "enforce", "findings": []}',
]
"""What a proxy does in place of an answer. Whatever is no text is done, or answered, as it is."""
