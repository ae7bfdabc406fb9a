"""A server of Python's standard library that is silent for as long as it is told: slow.py SECONDS."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SILENCE_S = float(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(SILENCE_S)
        answer = json.dumps({"answer": 42, "asked": body.decode()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self):
        """An event stream, as the standard library would have it: until the connection ends."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        time.sleep(SILENCE_S)
        self.wfile.write(b"data: last\n\n")

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
