"""Speaks to store.py for the harness. The dialogue: docs/external-clients.md."""

import json, socket, sys


def say(**answer):
    print(json.dumps(answer), flush=True)


hello = json.loads(input())
addresses = {node["name"]: node["address"].rsplit(":", 1) for node in hello["nodes"]}
links = {}
say(type="ready")


def ask(node, request):
    if node not in links:
        host, port = addresses[node]
        links[node] = socket.create_connection((host, int(port))).makefile("rw")
    links[node].write(json.dumps(request) + "\n")
    links[node].flush()
    answer = links[node].readline()
    if not answer:
        raise ConnectionError("the node hung up")
    return json.loads(answer)


for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "reset":
        links.clear()
        continue
    f = request.get("f", "ping")
    try:
        answer = ask(request["node"], {"do": f, "key": request.get("key"), "value": request.get("value")})
        if f == "read":
            value = answer["value"]
            say(type="ok", id=request["id"], value=None if value is None else [value])
        else:
            say(type="ok", id=request["id"])
    except Exception as error:
        links.pop(request["node"], None)
        sure = f != "write" or isinstance(error, ConnectionRefusedError)
        say(type="fail" if sure else "info", id=request["id"], error=repr(error))
