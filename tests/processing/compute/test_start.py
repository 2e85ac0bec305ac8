"""What a computation on a file imports: a first result must not wait for what it does not use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import sys

class Watch:  # of what is looked for, because some of it is forgotten again
    names = []
    def find_spec(self, name, path=None, target=None):
        self.names.append(name)

sys.meta_path.insert(0, Watch())
from nhip.cli.main import main
try:
    main()
finally:
    print(*Watch.names, file=sys.stderr)
"""
ABSENT = {
    *("psycopg", "pyarrow", "sqlalchemy", "urllib3", "pydantic_settings", "rich.table", "fastapi"),
    *("store", "processing.loading", "processing.registry", "nhip.cli.client", "nhip.cli.demo"),
}


@pytest.mark.parametrize(
    ("code", "file", "also"),
    [
        ("pm25_day", "processing.indicators.pm25_day", "processing.compute.catalogue"),
        ("kernel.stats", "processing.compute.numbers", "processing.compute.over_time"),
    ],
)
def test_a_file_is_computed_with_nothing_but_what_the_code_needs(tmp_path, code, file, also):
    """Neither a database's driver nor the other indicators: `also` belongs to the other kind of code."""
    path = tmp_path / "day.csv"
    path.write_text(
        "ts,pm25\n" + "".join(f"2026-01-01 {hour:02d}:00,{hour}\n" for hour in range(24)), encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "compute", code, str(path), "--json"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"][0]["value"] == 11.5
    loaded = set(done.stderr.split())
    assert file in loaded
    assert loaded & (ABSENT | {also, "numba"}) == set()
    indicators = {name for name in loaded if name.startswith("processing.indicators.")}
    assert not indicators & {"processing.indicators.saidi", "processing.indicators.noise_leq"}
