# SPDX-License-Identifier: Apache-2.0
"""service.py SERVICE FOLDER: the Python service over real HTTP, with the recorded clusters of FOLDER."""

import contextlib
import http.client
import json
import random
import socket
import subprocess
import sys
import threading
import time

OWN = {"X-Requested-By": "test"}


def free_port():
    """One that nobody has, beneath those that the kernel gives to connections, and to whoever does not care, while a server starts"""
    while True:
        with socket.socket() as s, contextlib.suppress(OSError):
            port = random.randrange(10000, 20000)
            s.bind(("127.0.0.1", port))
            return port


def wait_for(port, program):
    for _ in range(600):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert program.poll() is None, "the service ended"
        time.sleep(0.1)
    raise AssertionError("the service does not answer")


class Client:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer, body

    def events(self, name):
        """The events of a run, to its end."""
        answer, body = self.ask("GET", f"/clusters/{name}/events")
        assert answer.getheader("Content-Type") == "text/event-stream", answer.getheaders()
        *messages, end, rest = body.split("\n\n")
        assert (end, rest) == ("event: end\ndata:", ""), body[-200:]
        assert all(m.startswith("data: ") and "\n" not in m for m in messages)
        return [json.loads(m.removeprefix("data: ")) for m in messages]

    def twice(self, path):
        """Two requests in one packet: the second is looked at while the first one's run has hardly begun."""
        request = f"POST {path} HTTP/1.1\r\nHost: x\r\n{'X-Requested-By: test'}\r\nContent-Length: 0\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as s:
            s.sendall(request * 2)
            got = b""
            while got.count(b"HTTP/1.1 ") < 2:
                more = s.recv(65536)
                assert more, got
                got += more
        return [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]]


def steps(events, name):
    return [e for e in events if e["event"] == "step-done" and e["step"] == name]


def page(client):
    answer, body = client.ask("GET", "/")
    assert answer.status == 200 and answer.getheader("Content-Security-Policy") == "default-src 'self'", answer.getheaders()
    assert "<script src=" in body and "onclick" not in body
    answer, script = client.ask("GET", "/static/page.js")
    assert answer.status == 200 and "textContent" in script
    assert not any(word in script for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"))


def refusals(client):
    for method, path, want in (
        ("POST", "/clusters/check/up", 403),  # no header of its own page
        ("POST", "/clusters/none/up", 404),
        ("POST", "/clusters/..%2Fcheck/up", 404),
        ("GET", "/clusters/none/events", 404),
        ("GET", "/clusters/check/up", 405),
    ):
        answer, _ = client.ask(method, path, OWN if want != 403 else None)
        assert answer.status == want, (path, answer.status)
    assert client.events("check") == []  # nothing ran


def runs(client):
    _, body = client.ask("GET", "/clusters")
    assert [c["name"] for c in json.loads(body)] == ["check", "complete", "fresh"], body
    assert client.twice("/clusters/check/up?plan=1") == [202, 409]
    assert client.ask("POST", "/clusters/complete/up", OWN)[0].status == 202
    found = {}
    listeners = [threading.Thread(target=lambda n=n, i=i: found.update({(n, i): client.events(n)})) for n in ("check", "complete") for i in (1, 2)]
    for listener in listeners:
        listener.start()
    for listener in listeners:
        listener.join()
    for name in ("check", "complete"):
        assert found[name, 1] == found[name, 2] and found[name, 1][-1]["event"] == "plan-done", name
        assert found[name, 1][-1]["status"] == "KB_OK", found[name, 1][-1]
    assert [e["verdict"] for e in steps(found["check", 1], "kubeadm.join")] == ["absent"] * 2
    assert [e["verdict"] for e in steps(found["complete", 1], "kubeadm.join")] == ["present"] * 2
    assert client.events("check") == found["check", 1]  # who comes late hears it all


def cancel(client):
    assert client.ask("POST", "/clusters/fresh/cancel", OWN)[0].status == 202  # nothing to let go of
    assert client.ask("POST", "/clusters/fresh/up", OWN)[0].status == 202
    client.ask("POST", "/clusters/fresh/cancel", OWN)
    last = client.events("fresh")[-1]["event"]
    assert last in ("canceled", "plan-done"), last  # whichever came first
    assert client.ask("POST", "/clusters/fresh/up", OWN)[0].status == 202
    events = client.events("fresh")
    assert events[-1]["status"] == "KB_OK" and len(steps(events, "kubeadm.join")) == 2, events[-1]


def main(service, folder):
    port = free_port()
    with subprocess.Popen([sys.executable, "-W", "error", service, folder, str(port)], stdout=subprocess.DEVNULL) as program:
        try:
            wait_for(port, program)
            client = Client(port)
            for test in (page, refusals, runs, cancel):
                test(client)
                print(f"ok: the service: {test.__name__}")
        finally:
            program.terminate()
    assert program.returncode in (0, -15), program.returncode


main(*sys.argv[1:])
