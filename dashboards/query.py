"""Panel queries: SQL from `dashboards/sql`, addressed to the read-only data source."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from dashboards.json_values import Object

# The same identifier as in provisioning/datasources/nhip.yaml.
DATA_SOURCE: Final[Object] = {"type": "grafana-postgresql-datasource", "uid": "nhip"}

_PARAMETER: Final = re.compile(r":'([a-z_]+)'")
_VALUE: Final = re.compile(r"[a-z0-9_]+")


class SqlParameterError(ValueError):
    """A statement and the values given for it do not fit."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"dashboards/sql/{name}.sql: {problem}")


def panel_sql(name: str, **values: str) -> str:
    """Return `dashboards/sql/<name>.sql` with each `:'parameter'` replaced by its quoted value.

    Grafana's own macros and variables stay as they are: Grafana expands them at every refresh.

    Raises:
        SqlParameterError: a parameter without value, a value without parameter, or a value that is not
            one lower-case word.
    """
    text = files("dashboards").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8").strip()
    wanted = set(_PARAMETER.findall(text))
    if wanted != set(values):
        raise SqlParameterError(name, f"parameters {sorted(wanted)}, values for {sorted(values)}")
    for key, value in values.items():
        if _VALUE.fullmatch(value) is None:
            raise SqlParameterError(name, f"value {value!r} of {key} is not one lower-case word")
    return _PARAMETER.sub(lambda match: f"'{values[match.group(1)]}'", text)


def target(sql: str, shape: Literal["table", "time_series"] = "table") -> Object:
    """Return the query of a panel.

    Args:
        sql: the statement, see `panel_sql`.
        shape: "time_series" needs a column "time"; text columns beside it name the series.
    """
    return {
        "refId": "A",
        "datasource": DATA_SOURCE,
        "editorMode": "code",
        "format": shape,
        "rawQuery": True,
        "rawSql": sql,
    }
