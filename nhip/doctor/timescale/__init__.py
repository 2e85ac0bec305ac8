"""TimescaleDB: background jobs that fail, and old readings that nobody compresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.text import Text
from nhip.doctor.finding import Part, hint, problem
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nhip.doctor.finding import Finding
    from nhip.doctor.questions import Questions

_PACKAGE: Final = "nhip.doctor.timescale"
# Under this release of PostgreSQL every background job ended as failed while CALL run_job() worked.
_SERVER_WITH_FAILING_JOBS: Final = 150_020


def check_jobs(questions: Questions) -> Iterator[Finding]:
    """Yield what is wrong with TimescaleDB; nothing on a server without it."""
    about = questions.row(statement(_PACKAGE, "find_extension"))
    if about["version"] is not None:
        yield from examine(about, questions)


def examine(about: Mapping[str, Any], questions: Questions) -> Iterator[Finding]:
    """Yield what is wrong with the jobs of a server that has TimescaleDB.

    Args:
        about: `server_version` as a number, `workers` and `processes` that it may start, `licence`.
        questions: to the database.
    """
    yield from _workers(about["workers"], about["processes"])
    for job in questions.rows(statement(_PACKAGE, "select_failed_jobs")):
        name = f"{job['proc_name']} [{job['job_id']}]"
        error = job["error"] or "–"
        manual = f"CALL run_job({job['job_id']})"
        known = about["server_version"] == _SERVER_WITH_FAILING_JOBS
        yield problem(
            Part.DATABASE,
            "database.timescale_job",
            Text(
                f"Tác vụ nền {name} lỗi hoặc không chạy: {error}",
                f"Background job {name} fails or does not run: {error}",
            ),
            Text(
                f"Thử {manual}"
                + ("; với PostgreSQL 15.20 mọi tác vụ nền báo lỗi: nâng cấp PostgreSQL" if known else ""),
                f"Try {manual}"
                + (
                    "; with PostgreSQL 15.20 every background job is reported as failed: upgrade"
                    " PostgreSQL, and"
                    " until then run the jobs from cron"
                    if known
                    else ""
                ),
            ),
        )
    compresses = about["licence"] == "timescale"
    if compresses and not questions.row(statement(_PACKAGE, "find_columnstore_policy"))["policies"]:
        yield hint(
            Part.DATABASE,
            "database.columnstore",
            Text("Không có tác vụ nén số đo cũ", "No job compresses old readings"),
            Text("Chạy lại nhip migrate", "Run nhip migrate again"),
        )


def _workers(workers: int | None, processes: int) -> Iterator[Finding]:
    if workers is None:
        return
    if workers == 0 or processes <= 1:
        yield problem(
            Part.DATABASE,
            "database.timescale_workers",
            Text(
                f"Không có tiến trình nền (timescaledb.max_background_workers {workers}): không tác vụ nào"
                " chạy",
                f"No background workers (timescaledb.max_background_workers {workers}): no job will run",
            ),
            Text(
                "Đặt timescaledb.max_background_workers 4 và max_worker_processes 16, rồi khởi động lại",
                "Set timescaledb.max_background_workers 4 and max_worker_processes 16, then restart",
            ),
        )
