"""From checked cases to the long results of one service: figures unrounded, with their intervals and their states.

Nothing here is protected: a :class:`ResultTable` may be seen by the network, never by the public.
"""

from plenary_stats.measures.casemix import RATIO
from plenary_stats.measures.counts import access, activity, completeness, spend
from plenary_stats.measures.curves import curve
from plenary_stats.measures.outcomes import outcomes, pooled
from plenary_stats.measures.sheets import AGE_BANDS, NOT_KNOWN

__all__ = ["AGE_BANDS", "NOT_KNOWN", "RATIO", "access", "activity", "completeness", "curve", "outcomes", "pooled", "spend"]
