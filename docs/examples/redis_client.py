#!/usr/bin/env python3
"""An external client: registers in Redis. The protocol: docs/external-clients.md."""

import json
import socket
import sys


def say(**answer):
    print(json.dumps(answer), flush=True)


def ask(connection, *words):
    """Sends a command; returns the value, or raises Refused with Redis's own error."""
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    connection.write(f"*{len(words)}\r\n{''.join(parts)}".encode())
    connection.flush()
    line = connection.readline().decode()
    if not line.endswith("\r\n"):
        raise ConnectionError("connection lost")
    kind, rest = line[0], line[1:-2]
    if kind == "-":
        raise Refused(rest)
    if kind == "*":  # Of all answers, only the two numbers of TIME come as a list.
        return [connection.readline() and connection.readline().decode() for _ in range(int(rest))]
    if kind == "$":
        return None if rest == "-1" else connection.read(int(rest) + 2)[:-2].decode()
    return rest


class Refused(Exception):
    """Redis answered with an error."""


hello = json.loads(input())
if hello["workload"] != "register":
    sys.exit(f"this client drives registers, not a {hello['workload']}")
addresses = {node["name"]: node["address"].rsplit(":", 1) for node in hello["nodes"]}
connections = {}
say(type="ready")

for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "reset":  # Another session: it holds no connection of the one before.
        connections.clear()
        continue
    node, sent = request["node"], False
    try:
        if node not in connections:
            connections[node] = socket.create_connection(addresses[node]).makefile("rwb")
        sent = True  # From here on, an error that is no answer leaves open what became of it.
        if request["type"] == "ping":
            ask(connections[node], "PING")
            say(type="ok", id=request["id"])
        elif request["type"] == "clock":
            seconds, micros = ask(connections[node], "TIME")
            say(type="ok", id=request["id"], value=int(seconds) * 1000 + int(micros) // 1000)
        elif request["f"] == "read":
            value = ask(connections[node], "GET", request["key"])
            say(type="ok", id=request["id"], value=None if value is None else [int(value)])
        else:
            ask(connections[node], "SET", request["key"], str(request["value"]))
            say(type="ok", id=request["id"])
    except Refused as error:  # These two are said before anything is done; of others that is not known.
        sure = str(error).startswith(("READONLY", "LOADING")) or request.get("f") != "write"
        say(type="fail" if sure else "info", id=request["id"], error=str(error))
    except OSError as error:
        connections.pop(node, None)
        sure = not sent or request.get("f") != "write"
        say(type="fail" if sure else "info", id=request["id"], error=str(error))
