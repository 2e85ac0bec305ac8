"""From the rows of a CSV file to times and values, each fault booked in the account."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from device_sim.errors import SourceError
from device_sim.replay_faults import Reject, RejectReason, RowFaultError, shown
from device_sim.replay_times import TimeReader
from device_sim.slugs import LENGTH_MAX, slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from device_sim.mapping import ColumnRule, Mapping
    from device_sim.replay_account import FileAccount, RejectsFile
    from device_sim.replay_source import CsvSource

_SITES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Site:
    """A site that a file speaks of."""

    code: str
    name: str
    gateway: str


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One row that can be published.

    Attributes:
        row: number of the row in the file, 1 for the first after the header; blank lines are not counted.
        site: where it was measured.
        ts_s: start of the interval, epoch seconds.
        values: one per mapped column, None where there is nothing to publish.
    """

    row: int
    site: Site
    ts_s: float
    values: list[float | None]


class RowReader:
    """Reads the rows of one file by its mapping."""

    def __init__(
        self,
        source: CsvSource,
        mapping: Mapping,
        columns: Sequence[ColumnRule],
        account: FileAccount,
        *,
        site_name: str | None = None,
        rejects: RejectsFile | None = None,
    ) -> None:
        """Find the columns.

        Args:
            source: the file.
            mapping: how it is read.
            columns: its columns of values.
            account: where everything is booked.
            site_name: the site that the file's name says, where the mapping takes it from there.
            rejects: where every reject is listed.

        Raises:
            SourceError: a column that the mapping names is not in the header.
        """
        self._source = source
        self._mapping = mapping
        self._account = account
        self._rejects = rejects
        self._values = [(rule.column, source.position(rule.column)) for rule in columns]
        self._times = TimeReader(mapping.time, source.position)
        self._site_name = mapping.site.name or site_name
        self._site_column = mapping.site.column
        self._site_position = source.position(self._site_column) if self._site_column is not None else -1
        self._sites: dict[str, Site] = {}
        self._markers = frozenset(marker.strip() for marker in mapping.missing.markers)
        self._marked_numbers = frozenset(
            number for number in map(self._number, self._markers) if number is not None
        )

    def rows(self) -> Iterator[ParsedRow]:
        """Yield what can be published, row by row."""
        account = self._account
        width = len(self._values)
        for cells in self._source.rows():
            account.rows += 1
            account.cells += width
            account.blank_rows = self._source.blank_count
            if isinstance(cells, RowFaultError):
                self._reject_row(cells)
                continue
            try:
                site = self._site(cells)
                ts_s = self._times.start_s(cells)
            except RowFaultError as fault:
                self._reject_row(fault)
                continue
            yield ParsedRow(account.rows, site, ts_s, self._parsed(cells))
        account.blank_rows = self._source.blank_count

    def _parsed(self, cells: list[str]) -> list[float | None]:
        values: list[float | None] = []
        account = self._account
        for column, position in self._values:
            text = cells[position].strip()
            value: float | None = None
            if text in self._markers:
                account.missing += 1
            else:
                value = self._number(text)
                if value is None:
                    self._reject_cell(column, text, RejectReason.NOT_A_NUMBER, "a number")
                elif value in self._marked_numbers:
                    account.missing += 1
                    value = None
                elif math.isfinite(value):
                    account.published += 1
                else:
                    self._reject_cell(column, text, RejectReason.NOT_FINITE, "a finite number")
                    value = None
            values.append(value)
        return values

    def _number(self, text: str) -> float | None:
        # float() also reads 1_000 and digits of other scripts, which no instrument means.
        if "_" in text or not text.isascii():
            return None
        if self._mapping.csv.decimal == ",":
            text = text.replace(".", "x").replace(",", ".")
        try:
            return float(text)
        except ValueError:
            return None

    def _site(self, cells: list[str]) -> Site:
        name = self._site_name
        if name is None:
            name = cells[self._site_position].strip()
        site = self._sites.get(name)
        return self._new_site(name) if site is None else site

    def _new_site(self, name: str) -> Site:
        code = slug(self._mapping.site.id.replace("{site}", name))
        gateway = slug(self._mapping.gateway.id.replace("{site}", code))
        # A longer one would be cut, and two stations could become one.
        fits = len(self._mapping.gateway.id.replace("{site}", code)) <= LENGTH_MAX > len(name)
        if not (slug(name) and code and gateway and fits and name.isprintable()):
            expected = "the name of a site: letters or digits, not too long"
            raise RowFaultError(RejectReason.SITE, self._site_column, name, expected)
        if len(self._sites) >= _SITES_MAX:
            raise SourceError(
                self._source.path, f"more than {_SITES_MAX} sites", "a site column with the names of stations"
            )
        site = Site(code, name, gateway)
        self._sites[name] = site
        self._account.sites.append(code)
        return site

    def _reject_row(self, fault: RowFaultError) -> None:
        self._book(
            Reject(
                self._source.line,
                fault.column,
                fault.reason,
                fault.found,
                fault.expected,
                cells=len(self._values),
            )
        )
        self._account.rejected_rows += 1

    def _reject_cell(self, column: str, text: str, reason: RejectReason, expected: str) -> None:
        self._book(Reject(self._source.line, column, reason, shown(text), expected))

    def _book(self, reject: Reject) -> None:
        self._account.reject(reject)
        if self._rejects is not None:
            self._rejects.add(self._source.path, reject)
