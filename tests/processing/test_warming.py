"""Warming: no kernel that the service calls is left to compile; `nhip warmup` warms all others as well."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Which kernels the loaded modules call, and which of them are compiled.
PROGRAM = """
import importlib, json, sys
import processing.service
from numba.core.dispatcher import Dispatcher
from processing.warming import warm_kernels

files = sys.argv[1] == "files"
seconds = warm_kernels(files=files)
found = {}
for name, module in list(sys.modules.items()):
    if name.startswith("processing.") and not name.startswith("processing.kernels."):
        for each in vars(module).values():
            if isinstance(each, Dispatcher):
                found[each.py_func.__module__ + "." + each.py_func.__name__] = bool(each.signatures)
print(json.dumps({"seconds": seconds, "compiled": found}))
"""


@pytest.mark.parametrize("kind", ["service", "files"])
def test_nothing_is_left_to_compile(kind):
    done = subprocess.run([sys.executable, "-c", PROGRAM, kind], check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert "processing.kernels.hours.hour_facts" in told["compiled"]
    assert [name for name, compiled in told["compiled"].items() if not compiled] == []
    assert {"hour facts", "packs", "pm25_day", "noise_leq"} <= told["seconds"].keys()
    assert ("kernel.flat_line" in told["seconds"]) == (kind == "files")
