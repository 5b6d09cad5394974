"""`python -m cultureplus` is the command line."""

from __future__ import annotations

import sys

from cultureplus.cli import main

sys.exit(main())
