"""``python -m plenary_stats``: the estimators on a CSV file."""

import sys

from plenary_stats.command import main

sys.exit(main())
