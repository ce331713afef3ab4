"""A server on standard input and output that misbehaves on request."""

import json
import os
import sys

mode = sys.argv[1] if len(sys.argv) > 1 else "good"
ran = sys.argv[2] if len(sys.argv) > 2 else None


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answer(id, text):
    say({"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": text}]}})


def tell(method, params):
    say({"jsonrpc": "2.0", "method": method, "params": params})


def modern(message):
    """The answers of a server that knows the revision without sessions; whether there was one."""
    method, id, params = message.get("method"), message.get("id"), message.get("params", {})
    meta, arguments = params.get("_meta", {}), params.get("arguments", {})
    if method == "server/discover":
        info = {"name": "test", "version": "1"}
        result = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "serverInfo": info}
        say({"jsonrpc": "2.0", "id": id, "result": {**result, "resultType": "complete"}})
    elif method == "initialize":
        say({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no sessions here"}})
    elif method == "subscriptions/listen":
        of = {"_meta": {"io.modelcontextprotocol/subscriptionId": id}}
        tell("notifications/subscriptions/acknowledged", {**of, "notifications": {}})
        tell("notifications/resources/updated", {**of, "uri": "note:1"})
        if params.get("notifications", {}).get("ends"):
            tell("notifications/cancelled", {"requestId": id})
    elif method == "tools/call" and arguments.get("wait"):
        # Until somebody else asks for its end, or cancels it.
        waiting.append(id)
        note("waits")
        tell("notifications/progress", {"progressToken": meta.get("progressToken"), "progress": 1})
    elif method == "tools/call" and arguments.get("end"):
        for other in waiting:
            answer(other, "ended")
        waiting.clear()
        answer(id, "done")
    elif method == "notifications/cancelled" and params["requestId"] in waiting:
        waiting.remove(params["requestId"])
        note("cancelled")
    elif method == "vendor/unknown":
        say({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no such method"}})
    else:
        return False
    return True


def note(line):
    if ran:
        with open(ran, "a") as file:
            file.write(line + "\n")


def tool(name):
    return {"name": name, "description": "Does it.", "inputSchema": {"type": "object"}}


waiting = []
if ran:
    with open(ran + ".started", "a") as file:
        file.write(str(os.getpid()) + "\n")

for line in sys.stdin:
    message = json.loads(line)
    method, id = message.get("method"), message.get("id")
    if mode == "mute" or (mode.startswith("modern") and modern(message)):
        continue
    if method == "initialize":
        info = {"name": "test", "version": "1"}
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
        say({"jsonrpc": "2.0", "id": id, "result": result})
    elif method == "tools/list":
        say({"jsonrpc": "2.0", "id": id, "result": {"tools": [tool("read_note"), tool("delete_note")]}})
    elif method == "tools/call":
        note(line.rstrip("\n"))
        if mode == "big":
            answer(id, "x" * 100_000_000)
        elif mode == "die" or (mode == "modern-die" and message["params"].get("arguments", {}).get("die")):
            sys.exit(7)
        elif mode == "twice":
            answer(id, "once")
            answer(id, "twice")
        elif mode == "garbage":
            sys.stdout.write("starting up...\n{\n\x00\xff[1,2]\n")
            answer(id, "after the garbage")
        elif mode == "environment":
            answer(id, json.dumps({name: value for name, value in os.environ.items()}))
        elif mode != "silent":
            answer(id, "done")
    elif id is not None and mode == "strict":
        say({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no such method"}})
    elif id is not None:
        say({"jsonrpc": "2.0", "id": id, "result": {}})
