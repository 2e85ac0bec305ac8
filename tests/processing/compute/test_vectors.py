"""Published worked examples and reference implementations' own test cases, each with its source.

Every vector of `vectors/*.toml` is one call of the same function that `nhip compute` runs.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.periods import Period
from processing.compute.command import Request, compute_request

_FOLDER = Path(__file__).parent / "vectors"
_NONE = "none"


def _vectors():
    for path in sorted(_FOLDER.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        files = table.get("files", {})
        for one in table["vector"]:
            # A file may stand under a name that several vectors use.
            chosen = {key: files.get(one[key], one[key]) for key in ("file", "events") if key in one}
            yield pytest.param(one | chosen, id=f"{path.stem}: {one['name']}")


def _hourly(vector):
    """Return a long CSV of hourly means (or of `step_h`): "2x30 1x450" are three hours, "nan" none."""
    rows = ["quantity,ts,value"]
    start, step = datetime.fromisoformat(vector["from"]), timedelta(hours=vector.get("step_h", 1))
    for quantity, runs in vector["hours"].items():
        counts = [run.split("x") for run in runs.split()]
        hours = [value for count, value in counts for _ in range(int(count))]
        rows += [f"{quantity},{start + k * step},{value}" for k, value in enumerate(hours)]
    return "\n".join(rows)


def _requested(vector, folder):
    files: dict[str, Path] = {}
    if "hours" in vector:
        vector = vector | {"file": _hourly(vector)}
    for key in ("file", "events"):
        if key in vector:
            files[key] = folder / f"{key}.csv"
            files[key].write_text(vector[key].lstrip("\n"), encoding="utf-8")
    return Request(
        vector["code"],
        (files["file"],) if "file" in files else (),
        period=Period(vector["period"]) if "period" in vector else None,
        zone=vector.get("zone", "Asia/Ho_Chi_Minh"),
        parameters=vector.get("params", {}),
        events=files.get("events"),
        customers=vector.get("customers"),
        interval_s=vector.get("interval_s"),
    )


def _close(found, expected, rel):
    if expected == _NONE:
        return found is None
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return found is not None and math.isclose(found, expected, rel_tol=rel, abs_tol=1e-9)
    return found == expected


@pytest.mark.parametrize("vector", list(_vectors()))
def test_a_published_example(vector, tmp_path):
    items = compute_request(_requested(vector, tmp_path))["items"]
    found = [one["value"] for one in items]
    rel = vector.get("rel", 1e-9)
    assert len(found) == len(vector["values"]), found
    assert all(_close(*pair, rel) for pair in zip(found, vector["values"], strict=True)), (
        f"{found}, published: {vector['values']} ({vector['source']})"
    )
    for key, expected in vector.get("detail", {}).items():
        assert _close(items[0]["detail"][key], expected, rel), (key, items[0]["detail"][key], expected)
    if "responsible" in vector:
        assert items[0]["responsible"] == vector["responsible"]


def test_every_vector_names_its_source_and_stands_once():
    vectors = [one.values[0] for one in _vectors()]
    assert all(one["source"] for one in vectors)
    names = Counter((one["code"], one["name"]) for one in vectors)
    assert [name for name, count in names.items() if count > 1] == []
