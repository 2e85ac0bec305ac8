"""Small files: kernels as Python give the bits that compiled ones give, and nothing waits for a compiler."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from processing.compute.command import compute_request
from processing.compute.small_files import answered, few_readings
from processing.kernels import compilation
from tests.processing.compute.test_every_code import CODES, request_of, written_files

INTERPRETED = """
import json, sys
from pathlib import Path
import numpy
from processing.kernels import compilation
compilation.interpret()
from processing.compute.command import compute_request
from tests.processing.compute.test_every_code import CODES, request_of
assert "numba" not in sys.modules, "this would compare compiled kernels with themselves"
with numpy.errstate(all="ignore"):
    for code in CODES:
        try:
            answer = json.dumps(compute_request(request_of(code, Path(sys.argv[1]))))
        except ArithmeticError:
            answer = None  # such a code is computed by compiled kernels then
        print(json.dumps([code, answer]))
"""


def test_interpreted_kernels_give_the_same_bits(tmp_path):
    folder = written_files(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED, str(folder)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    assert found.keys() == CODES.keys()
    interpreted = {code: answer for code, answer in found.items() if answer is not None}
    assert len(interpreted) > 0.9 * len(CODES)
    compiled = {code: json.dumps(compute_request(request_of(code, folder))) for code in interpreted}
    assert interpreted == compiled


PROGRAM = """
import sys
sys.argv[0] = "nhip"
from nhip.cli.main import main
try:
    main()
finally:
    print(*(name for name in ("numba", "llvmlite") if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(("hours", "compiled"), [(24, False), (24 * 120, True)])
def test_only_large_files_wait_for_the_compiler(tmp_path, hours, compiled):
    path = tmp_path / "hours.csv"
    lines = [
        f"2026-{1 + k // 24 // 28:02d}-{1 + k // 24 % 28:02d} {k % 24:02d}:00,{k % 9}" for k in range(hours)
    ]
    path.write_text("\n".join(["ts,pm25", *lines]) + "\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "compute", "pm25_day", str(path), "--json"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"]
    assert ("numba" in done.stderr.split()) is compiled


def test_what_is_not_plain_text_is_not_small(tmp_path):
    small, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    small.write_text("ts,value\n", encoding="utf-8")
    packed.write_bytes(b"")
    assert few_readings([small])
    assert few_readings([])
    assert not few_readings([small, packed])
    assert not few_readings([tmp_path / "absent.csv"])
    small.write_bytes(b"0" * 100_000)
    assert not few_readings([small])


ZERO = """
from processing.compute.small_files import answered
from processing.kernels import compilation
tried = []
def divided():
    from processing.kernels import air
    tried.append(type(air.trailing_mean).__name__)
    if tried[-1] == "function":
        raise ZeroDivisionError
    return "compiled"
print(answered([], divided), *tried)
"""


def test_what_python_refuses_is_compiled():
    """Compiled code divides by zero and goes on: so does the second attempt."""
    done = subprocess.run([sys.executable, "-c", ZERO], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["compiled", "function", "CPUDispatcher"]


def test_a_process_that_has_kernels_keeps_them():
    """Here they are loaded and compiled: nothing is interpreted, whatever the size."""
    assert answered([], lambda: compilation._interpreted) is False  # the state itself
