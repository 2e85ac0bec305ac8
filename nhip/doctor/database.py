"""A database: what loses data when the power goes, what runs full, what stands still."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.text import Text
from nhip.doctor.finding import Part, hint, problem
from nhip.doctor.questions import NotCheckableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nhip.doctor.finding import Finding
    from nhip.doctor.questions import Questions

_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1", ""})
_DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")
_GIB: Final = 2**30


def check_durability(questions: Questions) -> Iterator[Finding]:
    """Yield settings with which a power cut loses what was committed."""
    for name, value in sorted(questions.settings(*_DURABLE).items()):
        if value != "off":
            continue
        what = (
            Text("mất điện là hỏng cơ sở dữ liệu", "a power cut destroys the database")
            if name != "synchronous_commit"
            else Text(
                "mất điện là mất những thay đổi cuối (bộ nhận tự bật lại cho mình)",
                "a power cut loses the last changes (the ingester switches it on for itself)",
            )
        )
        yield problem(
            Part.DATABASE,
            f"database.{name}",
            Text(f"{name} tắt: {what.vi}", f"{name} is off: {what.en}"),
            Text(f"ALTER SYSTEM SET {name} = on, rồi nạp lại", f"ALTER SYSTEM SET {name} = on, then reload"),
        )
    for row in questions.ask("select_role_settings"):
        yield problem(
            Part.DATABASE,
            "database.synchronous_commit_of_role",
            Text(
                f"synchronous_commit tắt riêng cho {row['holder']}",
                f"synchronous_commit is off for {row['holder']}",
            ),
            Text("ALTER ROLE … RESET synchronous_commit", "ALTER ROLE … RESET synchronous_commit"),
        )


def check_clock(questions: Questions) -> Iterator[Finding]:
    """Yield a difference between the server's clock and ours."""
    before = datetime.now(UTC)
    server = questions.ask("select_clock")[0]["now"]
    after = datetime.now(UTC)
    difference_s = (server - (before + (after - before) / 2)).total_seconds()
    if abs(difference_s) > questions.limits.clock_difference_s_max:
        yield problem(
            Part.DATABASE,
            "database.clock",
            Text(
                f"Đồng hồ máy chủ cơ sở dữ liệu lệch {difference_s:+.1f} s so với máy này",
                f"The clock of the database server differs from this machine's by {difference_s:+.1f} s",
            ),
            Text("Bật đồng bộ giờ (NTP) trên cả hai máy", "Switch time synchronisation (NTP) on at both"),
        )


def check_disk(questions: Questions) -> Iterator[Finding]:
    """Yield disks of the server that run full, where they are on this machine."""
    if (questions.connection.info.host or "") not in _LOCAL and not questions.connection.info.host.startswith(
        "/"
    ):
        raise NotCheckableError(
            Text(
                "máy chủ ở máy khác: hãy tự xem đĩa ở đó",
                "the server is another machine: look at its disks there",
            )
        )
    folder = questions.settings("data_directory").get("data_directory")
    if folder is None:
        raise NotCheckableError(
            Text("vai trò này không được xem data_directory", "this role may not see data_directory")
        )
    paths = [Path(folder), *(Path(row["path"]) for row in questions.ask("select_tablespaces"))]
    if not any(_exists(path) for path in paths):
        raise NotCheckableError(
            Text(f"{folder} không có trên máy này", f"{folder} is not on this machine (a container?)")
        )
    database_bytes = int(questions.ask("select_sizes")[0]["database_bytes"])
    for path in filter(_exists, paths):
        usage = shutil.disk_usage(path)
        if usage.free < max(usage.total * questions.limits.disk_free_share_min, min(_GIB, usage.total)):
            yield problem(
                Part.DATABASE,
                "database.disk",
                Text(
                    f"Đĩa của {path} còn {usage.free / _GIB:.1f} GiB (cơ sở dữ liệu"
                    f" {database_bytes / _GIB:.1f} GiB)",
                    f"The disk of {path} has {usage.free / _GIB:.1f} GiB left (the database takes"
                    f" {database_bytes / _GIB:.1f} GiB)",
                ),
                Text(
                    "Thêm chỗ, hoặc đặt thời hạn lưu: nhip retention",
                    "Add room, or set a retention: nhip retention",
                ),
            )


def _exists(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def check_connections(questions: Questions) -> Iterator[Finding]:
    """Yield a lack of connections."""
    used = int(questions.ask("count_connections")[0]["used"])
    most = int(questions.settings("max_connections")["max_connections"])
    if used > most * questions.limits.connections_share_max:
        yield problem(
            Part.DATABASE,
            "database.connections",
            Text(f"{used} trong {most} kết nối đang dùng", f"{used} of {most} connections are in use"),
            Text(
                "Tăng max_connections, hoặc hạ NHIP_STORE_POOL_SIZE_MAX",
                "Raise max_connections, or lower NHIP_STORE_POOL_SIZE_MAX",
            ),
        )


def check_transactions(questions: Questions) -> Iterator[Finding]:
    """Yield transactions that stay open: old row versions cannot be cleaned meanwhile."""
    rows = questions.ask("select_long_transactions", {"age_s": questions.limits.transaction_age_s_max})
    for row in rows:
        if row["pid"] is not None:
            yield problem(
                Part.DATABASE,
                "database.long_transaction",
                Text(
                    f"Giao dịch của {row['application_name'] or '?'} (pid {row['pid']}, {row['state']}) mở đã"
                    f" {row['age_s']:.0f} s: khoá và dọn dẹp bị chặn",
                    f"A transaction of {row['application_name'] or '?'} (pid {row['pid']}, {row['state']})"
                    " has been"
                    f" open for {row['age_s']:.0f} s: it holds locks and keeps old rows from being cleaned",
                ),
                Text(
                    f"SELECT pg_terminate_backend({row['pid']})", f"SELECT pg_terminate_backend({row['pid']})"
                ),
            )
    if not rows[0]["visible"]:
        raise NotCheckableError(
            Text(
                "vai trò này không thấy giao dịch của vai trò khác (cần pg_read_all_stats)",
                "this role does not see the transactions of others (needs pg_read_all_stats)",
            )
        )


def check_backlog(questions: Questions) -> Iterator[Finding]:
    """Yield a queue of processing that is not worked off."""
    row = questions.ask("count_backlog")[0]
    if row["keys"] and row["age_s"] > questions.limits.backlog_age_s_max:
        yield problem(
            Part.DATABASE,
            "database.backlog",
            Text(
                f"{row['keys']} giờ-cảm biến chờ tính, cũ nhất {row['age_s']:.0f} s: chỉ số không được cập"
                " nhật",
                f"{row['keys']} sensor hours wait to be computed, the oldest for {row['age_s']:.0f} s:"
                " indicators"
                " are not renewed",
            ),
            Text(
                "Xem nhip process có chạy không và nhật ký của nó", "See that nhip process runs, and its log"
            ),
        )


def check_locks(questions: Questions) -> Iterator[Finding]:
    """Yield too few lock slots for a query over all partitions: each needs one, and one for its index."""
    needed = 2 * int(questions.ask("count_partitions")[0]["partitions"])
    found = questions.settings("max_locks_per_transaction", "max_connections", "max_prepared_transactions")
    slots = int(found["max_locks_per_transaction"]) * (
        int(found["max_connections"]) + int(found["max_prepared_transactions"])
    )
    if needed > slots * questions.limits.locks_share_max:
        yield problem(
            Part.DATABASE,
            "database.locks",
            Text(
                f"Truy vấn qua mọi phân vùng cần {needed} khoá, máy chủ có {slots}",
                f"A query over all partitions needs {needed} locks, the server has {slots}",
            ),
            Text("Tăng max_locks_per_transaction", "Raise max_locks_per_transaction"),
        )


def check_quarantine(questions: Questions) -> Iterator[Finding]:
    """Yield a quarantine that nobody works off."""
    row = questions.ask("sum_quarantine")[0]
    if row["open"] > questions.limits.quarantine_rows_max:
        yield hint(
            Part.DATABASE,
            "database.quarantine",
            Text(
                f"{row['open']} dòng cách ly đang mở ({row['payload_bytes'] / 1e6:.0f} MB)",
                f"{row['open']} quarantine rows are open ({row['payload_bytes'] / 1e6:.0f} MB)",
            ),
            Text(
                "nhip quarantine summary, sửa nguyên nhân, rồi replay hoặc discard",
                "nhip quarantine summary, mend the cause, then replay or discard",
            ),
        )
