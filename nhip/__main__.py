"""`python -m nhip`."""

from nhip.cli.main import main

main()
