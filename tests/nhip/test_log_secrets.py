"""What a traceback in the log must not show."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, structlog
from nhip.logs import configure_logging
configure_logging(json=sys.argv[1] == "json")
def connect(url):
    password = url.partition(":")[2]
    raise ValueError("refused")
try:
    connect(sys.argv[2])
except ValueError:
    structlog.get_logger("x").exception("failed")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_logged_exception_shows_no_local_variables(form):
    """The place and the message are there, the password that was in a variable is not."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, form, "user:hunter2"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert "refused" in run.stderr
    assert "connect" in run.stderr
    assert "hunter2" not in run.stderr
