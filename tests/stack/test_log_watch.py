"""Of the services' logs a person is shown what is serious, and not more than can be read."""

import json
import time

from nhip.stack.log_watch import LogWatch

WAIT_S = 30.0


def watch_lines(tmp_path, *lines, count=1):
    log = tmp_path / "ingest.log"
    log.write_text(json.dumps({"level": "error", "event": "before we looked"}) + "\n")
    shown = []
    watch = LogWatch({"ingest": log, "absent": tmp_path / "absent.log"}, shown.append)
    watch.start()
    try:
        with log.open("a") as file:
            file.write("".join(line + "\n" for line in lines))
        deadline = time.monotonic() + WAIT_S
        while len(shown) < count and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        watch.stop()
    return shown


def test_warnings_and_errors_are_shown_with_their_facts_and_the_rest_is_not(tmp_path):
    shown = watch_lines(
        tmp_path,
        json.dumps({"level": "info", "event": "hello"}),
        json.dumps({"level": "warning", "event": "database_slow", "waited_s": 3, "timestamp": "x"}),
        "ready",
    )
    assert shown == ["ingest: warning: database_slow waited_s=3"]


def test_the_last_line_of_a_traceback_is_shown(tmp_path):
    shown = watch_lines(
        tmp_path, "Traceback (most recent call last):", "  File x", "ValueError: no such thing"
    )
    assert shown == ["ingest: ValueError: no such thing"]


def test_a_flood_is_cut(tmp_path):
    flood = [json.dumps({"level": "error", "event": f"number {number}"}) for number in range(500)]
    shown = watch_lines(tmp_path, *flood, count=10)
    assert len(shown) == 10
