#!/usr/bin/env python3
"""An external client. The dialogue, and what is ok, fail and info: docs/external-clients.md."""

import json
import sys


def say(**answer):
    print(json.dumps(answer), flush=True)


def carry_out(address, request):
    """Asks the node at address = (host, port); returns what was read, or None.

    Raise Refused if the store surely did nothing; any other exception leaves open what became of it.
    """
    raise Refused("client.py: write carry_out")


class Refused(Exception):
    """It surely did not happen."""


hello = json.loads(input())
addresses = {node["name"]: tuple(node["address"].rsplit(":", 1)) for node in hello["nodes"]}
say(type="ready")

for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "reset":  # Another session: forget connections and whatever else a session remembers.
        continue
    try:
        value = carry_out(addresses[request["node"]], request)
        if request.get("f") in ("read", "checkout"):
            say(type="ok", id=request["id"], value=value)
        else:
            say(type="ok", id=request["id"])
    except (Refused, ConnectionRefusedError) as error:
        say(type="fail", id=request["id"], error=str(error))
    except Exception as error:  # In doubt nobody knows; a read or a ping changes nothing either way.
        sure = request.get("f") in (None, "read", "checkout")
        say(type="fail" if sure else "info", id=request["id"], error=repr(error))
