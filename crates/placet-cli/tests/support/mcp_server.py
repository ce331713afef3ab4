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


def tool(name):
    return {"name": name, "description": "Does it.", "inputSchema": {"type": "object"}}


for line in sys.stdin:
    message = json.loads(line)
    method, id = message.get("method"), message.get("id")
    if method == "initialize":
        info = {"name": "test", "version": "1"}
        # Real clients do not all know the newest version.
        version = message["params"]["protocolVersion"] if mode == "leave" else "2025-11-25"
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
        say({"jsonrpc": "2.0", "id": id, "result": result})
    elif method == "tools/list":
        say({"jsonrpc": "2.0", "id": id, "result": {"tools": [tool("read_note"), tool("delete_note")]}})
    elif method == "tools/call":
        if mode == "leave":
            call = message["params"]
            with open(os.path.join(ran, call["arguments"]["name"]), "w") as file:
                file.write(call["name"] + "\n")
        elif ran:
            with open(ran, "a") as file:
                file.write(line)
        if mode == "big":
            answer(id, "x" * 100_000_000)
        elif mode == "die":
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
    elif id is not None:
        say({"jsonrpc": "2.0", "id": id, "result": {}})
