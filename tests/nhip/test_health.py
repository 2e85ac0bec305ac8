"""A service tells whether it lives, whether it is ready, and its numbers."""

import http.client
import json

from nhip.health import serve_health
from nhip.stack.ports import free_port


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_ready_says_what_is_missing_until_nothing_is():
    missing = {"broker": "not connected"}
    with serve_health(free_port(), lambda: missing) as port:
        status, body = ask(port, "/readyz")
        assert (status, json.loads(body)) == (503, {"broker": "not connected"})
        missing.clear()
        assert ask(port, "/readyz") == (200, "{}")


def test_alive_metrics_and_nothing_else():
    with serve_health(free_port(), dict) as port:
        assert ask(port, "/healthz")[0] == 200
        status, body = ask(port, "/metrics")
        assert status == 200
        assert "python_info" in body
        assert ask(port, "/etc/passwd")[0] == 404


def test_port_0_serves_nothing():
    with serve_health(0, dict) as port:
        assert port == 0
