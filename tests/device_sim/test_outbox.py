"""The outbox forgets on the acknowledgement only, and numbers batches without repeating or skipping."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from device_sim.errors import StateError
from device_sim.outbox import Credential, Outbox

if TYPE_CHECKING:
    from pathlib import Path


def put(outbox: Outbox, gateway: str, count: int = 1, source: str = "") -> list[int]:
    with outbox.transaction():
        return [
            outbox.put(gateway, 3, lambda number: b"payload %d" % number, source=source).id
            for _ in range(count)
        ]


def test_a_batch_stays_until_it_is_acknowledged(tmp_path: Path) -> None:
    """What was put is pending across openings; forgetting one leaves the others."""
    path = tmp_path / "state" / "outbox.sqlite"
    with Outbox(path) as outbox:
        first, second = put(outbox, "a", 2)
    with Outbox(path) as outbox:
        assert [(batch.id, batch.readings) for batch in outbox.pending()] == [(first, 3), (second, 3)]
        assert outbox.payload("a", first) == b"payload %d" % first
        outbox.forget([("a", first)])
        assert [batch.id for batch in outbox.pending()] == [second]
        assert outbox.payload("a", first) is None


def test_ids_are_consecutive_and_outlive_acknowledgement_and_reopening(tmp_path: Path) -> None:
    """The next id follows the last one ever given, even when nothing is pending."""
    with Outbox(tmp_path / "o.sqlite") as outbox:
        ids = put(outbox, "a", 3)
        outbox.forget([("a", number) for number in ids])
    with Outbox(tmp_path / "o.sqlite") as outbox:
        ids += put(outbox, "a", 2)
    assert ids == list(range(ids[0], ids[0] + 5))


def test_lost_state_starts_above_all_ids_of_the_past(tmp_path: Path) -> None:
    """A gateway that forgot its ids uses no old one again, and any JSON reader keeps the new ones exactly."""
    with Outbox(tmp_path / "before.sqlite", now_s=lambda: 1_800_000_000.0) as outbox:
        last = put(outbox, "a", 5000)[-1]
    with Outbox(tmp_path / "after.sqlite", now_s=lambda: 1_800_000_006.0) as outbox:
        assert last < put(outbox, "a")[0] < 2**53


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    """An encoder that fails takes the batch, the id and the position back."""
    with Outbox(tmp_path / "o.sqlite") as outbox:
        first = put(outbox, "a")[0]

        def fail(_number: int) -> bytes:
            raise ArithmeticError

        def keep_both() -> None:
            with outbox.transaction():
                outbox.keep_position("file", 10)
                outbox.put("a", 1, fail)

        with pytest.raises(ArithmeticError):
            keep_both()
        assert outbox.position("file") == 0
        assert put(outbox, "a") == [first + 1]


def test_sources_are_forgotten_apart(tmp_path: Path) -> None:
    """Starting a file over drops its batches and its position, and nobody else's."""
    with Outbox(tmp_path / "o.sqlite") as outbox:
        put(outbox, "a", 2, source="one")
        kept = put(outbox, "a", 1, source="two")
        with outbox.transaction():
            outbox.keep_position("one", 10)
            outbox.keep_position("two", 20)
        outbox.forget_source("one")
        assert [batch.id for batch in outbox.pending()] == kept
        assert (outbox.position("one"), outbox.position("two")) == (0, 20)


def test_credentials_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    """The file cannot be read by others, and a credential does not print its password."""
    path = tmp_path / "o.sqlite"
    with Outbox(path) as outbox:
        outbox.keep_credentials([("a", Credential("a", "old")), ("a", Credential("a", "secret-new"))])
        credential = outbox.credential("a")
        assert credential == Credential("a", "secret-new")
        assert "secret-new" not in repr(credential)
        assert outbox.credential("b") is None
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """The error says which path cannot be used."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StateError, match="file"):
        Outbox(tmp_path / "file" / "o.sqlite")


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    """Something that is not an SQLite file is not overwritten."""
    path = tmp_path / "o.sqlite"
    path.write_text("precious notes " * 100)
    with pytest.raises(StateError, match="SQLite"):
        Outbox(path)
    assert path.read_text().startswith("precious")


def test_kill_9_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    """A process that reported a batch as kept and was killed at once has kept it."""
    path = tmp_path / "o.sqlite"
    program = textwrap.dedent(f"""
        from pathlib import Path
        from device_sim.outbox import Outbox
        outbox = Outbox(Path({str(path)!r}))
        while True:
            with outbox.transaction():
                kept = [outbox.put("a", 1, lambda number: b"x" * 200).id for _ in range(20)]
            print(kept[-1], flush=True)
    """)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        reported = 0
        for _line in range(40):
            reported = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split()
        reported = max([reported, *map(int, rest)])
        process.wait()
        process.stdout.close()
        with Outbox(path) as outbox:
            ids = [batch.id for batch in outbox.pending()]
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        assert ids[-1] >= reported
