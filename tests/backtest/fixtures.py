"""Every hand-worked fixture of the timeline, and each told again upside down for the short side."""

from .fixtures_after import AT_THE_END, NEXT_ENTRY, TIGHTENED
from .fixtures_close import AT_THE_CLOSE, SESSION_EXIT
from .fixtures_costs import ROUNDING_AND_COSTS
from .fixtures_inside import AT_ENTRY, INSIDE
from .fixtures_open import AT_THE_OPEN, GAPS
from .fixtures_units import UNITS_OF_DISTANCE
from .worksheet import mirrored

WORKED = (
    *ROUNDING_AND_COSTS,
    *AT_THE_OPEN,
    *GAPS,
    *AT_ENTRY,
    *INSIDE,
    *SESSION_EXIT,
    *AT_THE_CLOSE,
    *TIGHTENED,
    *UNITS_OF_DISTANCE,
    *NEXT_ENTRY,
    *AT_THE_END,
)
# Percents of a price are not symmetric: those cases have both sides worked by hand.
FIXTURES = (*WORKED, *(mirrored(case) for case in WORKED if not case.is_one_sided))
