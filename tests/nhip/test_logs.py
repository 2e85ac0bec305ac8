"""Every process logs one JSON object a line on standard error, whoever speaks."""

import json
import subprocess
import sys

CODE = """
import logging, structlog
from nhip.logs import configure_logging
configure_logging(json=True)
log = structlog.get_logger("ingest.writer")
log.info("batch_stored", rows=3)
log.debug("too much detail")
logging.getLogger("library").warning("careful: %s", "hot")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
print("answer")
"""


def test_own_and_foreign_records_have_one_form_and_standard_output_stays_clean():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "answer\n"
    records = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(record["level"], record["event"]) for record in records] == [
        ("info", "batch_stored"),
        ("warning", "careful: hot"),
        ("error", "failed"),
    ]
    assert records[0]["rows"] == 3
    assert records[0]["logger"] == "ingest.writer"
    assert "ZeroDivisionError" in json.dumps(records[2]["exception"])
