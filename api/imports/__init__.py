"""Registration of many sensors at once: every row checked by itself, all of them written set by set."""

from api.imports.batch import Options
from api.imports.transaction import import_rows

__all__ = ["Options", "import_rows"]
