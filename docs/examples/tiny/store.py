"""A store in fifty lines: registers, of which the last write wins, told to each peer once. docs/without-containers.md tests it."""

import json, socket, socketserver, sys, threading, time

name, listen, *peers = sys.argv[1:]
data, lock = {}, threading.Lock()  # By key: the stamp of the last write, and its value.


def merge(key, stamp, value):
    with lock:
        if key not in data or stamp > data[key][0]:
            data[key] = (stamp, value)


def tell(peer, message):
    host, port = peer.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), timeout=1) as link:
            link.sendall(json.dumps(message).encode() + b"\n")
            link.recv(1)
    except OSError:
        pass  # Lost. A store that wants to converge would try again.


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                self.wfile.write(json.dumps(self.answer(json.loads(line))).encode() + b"\n")
        except ConnectionError:
            pass  # Whoever asked is gone.

    def answer(self, ask):
        key = ask.get("key")
        if ask["do"] == "write":
            stamp = [time.time_ns(), name]
            merge(key, stamp, ask["value"])
            message = {"do": "merge", "key": key, "stamp": stamp, "value": ask["value"]}
            for peer in peers:
                threading.Thread(target=tell, args=(peer, message)).start()
        elif ask["do"] == "merge":
            merge(key, ask["stamp"], ask["value"])
        elif ask["do"] == "read":
            with lock:
                return {"value": data[key][1] if key in data else None}
        return {}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 128


host, port = listen.rsplit(":", 1)
Server((host, int(port)), Handler).serve_forever()
