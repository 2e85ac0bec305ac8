"""`python -m bench.kpi`."""

import sys

from bench.kpi.run import main

if __name__ == "__main__":
    sys.exit(main())
