"""SQL statements live in files, one each: `<package>/sql/<verb_noun>.sql`."""

from functools import cache
from importlib.resources import files


@cache
def statement(package: str, name: str) -> bytes:
    """Return the statement `<package>/sql/<name>.sql`.

    As bytes, because psycopg takes bytes as a trusted query; a string built at run time is a type error.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return files(package).joinpath("sql", f"{name}.sql").read_bytes()
