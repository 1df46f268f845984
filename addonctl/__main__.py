"""`python -m addonctl`: the same program."""

import sys

from addonctl.cli import main

if __name__ == "__main__":
    sys.exit(main())
