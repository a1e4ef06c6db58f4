"""The estimators on a CSV file: ``python -m plenary_stats COMMAND FILE --COLUMN NAME …``. It needs numpy and scipy, nothing else.

``offered`` is the one table of commands; ``shapes`` makes matrices of files with a row a pair; ``run`` reads, calls and prints.
"""

from plenary_stats.command.offered import COMMANDS
from plenary_stats.command.run import main

__all__ = ["COMMANDS", "main"]
