"""`python -m dashboards [--check]`: write the generated JSON, or say whether it is current."""

import sys

from dashboards.generation import difference, write

if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        stale = difference()
        sys.stderr.writelines(f"not current: {name}\n" for name in stale)
        sys.exit(1 if stale else 0)
    sys.stderr.writelines(f"{path}\n" for path in write())
