"""`python -m infra.cli`, which the file `bank` at the top calls."""

import sys

from infra.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
