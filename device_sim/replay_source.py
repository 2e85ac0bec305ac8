"""A CSV file read line by line: never more than one line in memory, never a line unaccounted for."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING, Final, Self

from device_sim.errors import SourceError
from device_sim.replay_faults import RejectReason, RowFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import TextIO

    from device_sim.mapping import CsvRule

LINE_LENGTH_MAX: Final = 1 << 20
_HEADER_SHOWN_MAX: Final = 30
_HASHED_BYTES: Final = 1 << 20


class _SecondLineError(Exception):
    """The parser asks for another line to end a quoted cell."""


class CsvSource:
    """The rows of a CSV file with a header.

    A quoted cell ends on its line: otherwise one stray quote would swallow the lines that follow.

    Attributes:
        header: names of the columns.
        line: number of the last line read, the header is 1.
        blank_count: empty lines so far.
    """

    def __init__(self, path: Path, rule: CsvRule) -> None:
        self.path = path
        encoding = "utf-8-sig" if rule.encoding.lower() in {"utf-8", "utf8"} else rule.encoding
        self.line = 0
        self.blank_count = 0
        self._characters = 0
        self._pulled = False
        try:
            self._size = path.stat().st_size
            self._file: TextIO = path.open(encoding=encoding, errors="surrogateescape")
        except OSError as error:
            raise SourceError(path, error.strerror or str(error), "a CSV file that can be read") from error
        self._parser = csv.reader(_Lines(self), delimiter=rule.delimiter, quotechar=rule.quote)
        try:
            self.header = self._header()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Return this source."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    @property
    def fraction(self) -> float:
        """How much of the file was read, about: characters against bytes."""
        return min(1.0, self._characters / self._size) if self._size else 1.0

    def position(self, column: str) -> int:
        """Return where a column stands.

        Raises:
            SourceError: it does not stand in the header, or more than once.
        """
        count = self.header.count(column)
        if count == 1:
            return self.header.index(column)
        names = ", ".join(self.header[:_HEADER_SHOWN_MAX])
        found = f"{count} columns" if count else "no column"
        raise SourceError(self.path, f"{found} named {column!r} in the header ({names})", "exactly one")

    def rows(self) -> Iterator[list[str] | RowFaultError]:
        """Yield the cells of each line that is not empty, or why they cannot be told apart."""
        width = len(self.header)
        while True:
            row = self._next()
            if row is None:
                return
            if isinstance(row, list) and not row:
                self.blank_count += 1
            elif isinstance(row, list) and len(row) != width:
                yield RowFaultError(
                    RejectReason.COLUMN_COUNT, None, f"{len(row)} cells", f"{width} cells as in the header"
                )
            else:
                yield row

    def pull(self) -> str:
        """Return the next line to the parser, one per row."""
        if self._pulled:
            raise _SecondLineError
        try:
            line = self._file.readline(LINE_LENGTH_MAX)
        except UnicodeError as error:
            raise SourceError(self.path, f"line {self.line + 1}: {error}", "text in the encoding") from error
        if not line:
            raise StopIteration
        self.line += 1
        self._pulled = True
        self._characters += len(line)
        if len(line) == LINE_LENGTH_MAX and not line.endswith("\n"):
            self._skip_rest_of_line()
            raise RowFaultError(
                RejectReason.LINE_TOO_LONG, None, f"{LINE_LENGTH_MAX} characters or more", "a shorter line"
            )
        return line

    def _next(self) -> list[str] | RowFaultError | None:
        self._pulled = False
        try:
            return next(self._parser)
        except StopIteration:
            return None
        except RowFaultError as fault:
            return fault
        except (_SecondLineError, csv.Error) as error:
            found = (
                "a quote that does not end on its line" if isinstance(error, _SecondLineError) else str(error)
            )
            return RowFaultError(RejectReason.UNCLOSED_QUOTE, None, found, "cells that end on their line")

    def _skip_rest_of_line(self) -> None:
        while True:
            rest = self._file.readline(LINE_LENGTH_MAX)
            self._characters += len(rest)
            if len(rest) < LINE_LENGTH_MAX or rest.endswith("\n"):
                return

    def _header(self) -> list[str]:
        row = self._next()
        if row is None:
            raise SourceError(self.path, "an empty file", "a header line")
        if isinstance(row, RowFaultError) or not row:
            raise SourceError(self.path, str(row or "an empty first line"), "a header line")
        return [name.strip() for name in row]


class _Lines:
    """What the parser reads from; an iterator and not a generator, which an exception would end."""

    def __init__(self, source: CsvSource) -> None:
        self._source = source

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        return self._source.pull()


def content_hash(path: Path, *facts: bytes) -> str:
    """Return what tells a file and the way it is read from all others.

    Raises:
        SourceError: the file cannot be read.
    """
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(len(fact).to_bytes(8, "big") + fact)
    try:
        with path.open("rb") as file:
            while block := file.read(_HASHED_BYTES):
                digest.update(block)
    except OSError as error:
        raise SourceError(path, error.strerror or str(error), "a CSV file that can be read") from error
    return digest.hexdigest()
