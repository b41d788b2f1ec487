"""Twelve common mistakes, planted: an audit that lets one pass is worth nothing."""

from alphamill.research.leaks.back_filled import BACK_FILLED
from alphamill.research.leaks.centred_window import CENTRED_WINDOW
from alphamill.research.leaks.early_pivot import EARLY_PIVOT
from alphamill.research.leaks.future_volatility import FUTURE_VOLATILITY
from alphamill.research.leaks.global_scaler import GLOBAL_SCALER
from alphamill.research.leaks.length_dependent import LENGTH_DEPENDENT
from alphamill.research.leaks.negative_roll import NEGATIVE_ROLL
from alphamill.research.leaks.next_close import NEXT_CLOSE
from alphamill.research.leaks.planted import Planted
from alphamill.research.leaks.publication_date import PUBLICATION_DATE
from alphamill.research.leaks.session_extreme import SESSION_EXTREME
from alphamill.research.leaks.unfinished_bar import UNFINISHED_BAR
from alphamill.research.leaks.whole_rank import WHOLE_RANK

PLANTED: tuple[Planted, ...] = (
    NEXT_CLOSE,
    CENTRED_WINDOW,
    GLOBAL_SCALER,
    BACK_FILLED,
    UNFINISHED_BAR,
    PUBLICATION_DATE,
    SESSION_EXTREME,
    NEGATIVE_ROLL,
    LENGTH_DEPENDENT,
    FUTURE_VOLATILITY,
    WHOLE_RANK,
    EARLY_PIVOT,
)
