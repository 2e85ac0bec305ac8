"""Every stored statement of every package is valid SQL for the role that runs it."""

from __future__ import annotations

import psycopg
import pytest

from tests.statements import ELSEWHERE, ROLES, package_of, sql_files, stored_statements

STATEMENTS = stored_statements()


class Nulls(dict):
    """NULL for every parameter."""

    def __missing__(self, key):
        return None


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.path)
def test_statement_is_explained(dsn_of_session, statement):
    """EXPLAIN with all parameters NULL as its role: no missing table, column, type or right."""
    with psycopg.connect(dsn_of_session(statement.role)) as connection:
        connection.execute(b"EXPLAIN " + statement.text.encode(), Nulls())


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: f"{package_of(path)}/{path.name}")
def test_file_says_what_it_is_for(path):
    """The first line is a comment, the name is `verb_noun`, and there is one statement (migrations aside)."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    assert len(text.split("\n", 1)[0]) > 10
    if package_of(path) not in ELSEWHERE:
        assert "_" in path.stem or path.stem == "notify"
        code = "\n".join(line.split("--")[0] for line in text.splitlines())
        assert ";" not in code.rstrip().rstrip(";"), "one statement for each file"


def test_every_package_with_sql_has_a_role():
    """A new package has to say who runs its statements."""
    assert {package_of(path) for path in sql_files()} == set(ROLES) | ELSEWHERE


def test_every_statement_is_used():
    """A statement that no module names is dead."""
    root = sql_files()[0].parents[2]
    for statement in STATEMENTS:
        folder = root / statement.path.split("/sql/")[0]
        text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
        name = statement.path.rsplit("/", 1)[1].removesuffix(".sql")
        verb = name.split("_", 1)[0]
        assert f'"{name}"' in text or f'f"{verb}_{{' in text, f"{statement.path} is named nowhere"


def test_a_wrong_statement_is_found(dsn_of_session):
    """The check does fail for a missing column and for a missing right."""
    with psycopg.connect(dsn_of_session("nhip_ingest"), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute(b"EXPLAIN SELECT no_such_column FROM reading WHERE sensor_id = %(x)s", Nulls())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(b"EXPLAIN SELECT * FROM api_key")
