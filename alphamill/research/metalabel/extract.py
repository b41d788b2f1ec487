"""A winner's training set in the discovery window, and its twin in the one that judges models."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Ints
from alphamill.data.catalog import Catalog
from alphamill.features.compute import Beside, beside, features
from alphamill.features.table import split
from alphamill.learning.dataset import Dataset, dataset, refuse_disguises
from alphamill.research.metalabel.primary import Chosen
from alphamill.validation.splits import Window

# After a longer silence another instrument's values would stand still.
MAY_END = timedelta(days=7)
# 25 instruments of half a million bars.
BESIDE_BYTES = 1_000_000_000


@dataclass(frozen=True, eq=False)
class Offered:
    """What another instrument offers up to a trade date; ``data_hash`` names the bars it is of."""

    beside: Beside
    session: Ints  # of each bar
    until: int
    data_hash: str

    @property
    def n_bytes(self) -> int:
        columns = (self.session, self.beside.close_ns, *self.beside.columns.values())
        return sum(column.nbytes for column in columns)


class Besides:
    """Other instruments' columns, computed once for all winners that read them.

    A column's row reads bars up to its own, so a shorter history's columns are the beginning of a
    longer one's. What was not read for longest is forgotten first when ``max_bytes`` are full.
    """

    def __init__(self, catalog: Catalog, max_bytes: int = BESIDE_BYTES) -> None:
        self.catalog, self.max_bytes = catalog, max_bytes
        self._known: OrderedDict[tuple[str, str, int], Offered] = OrderedDict()

    def of(self, symbol: str, timeframe: str, first: int, last: int) -> Offered | None:
        """Return what the unsealed bars of [first, last] tell; None where there are none."""
        last = min(last, self.last_unsealed(symbol, timeframe))
        if last < first:
            return None
        key = symbol, timeframe, first
        known = self._known.pop(key, None)
        if known is None or known.until < last:
            bars = self.catalog.read(symbol, timeframe, first, last)
            content = self.catalog.content_hash(symbol, timeframe, first, last)
            known = Offered(beside(bars), bars.session, last, content)
        self._known[key] = known
        while len(self._known) > 1 and self.n_bytes > self.max_bytes:
            self._known.popitem(last=False)
        return self._until(key, known, last)

    def last_unsealed(self, symbol: str, timeframe: str) -> int:
        """Return the last trade date of a series that may be read."""
        entry = self.catalog.entry(symbol, timeframe)
        sealed = entry.first_sealed_session
        if sealed is None:
            return entry.last_session
        before = _day(sealed) - timedelta(days=1)
        return min(entry.last_session, int(f"{before:%Y%m%d}"))

    @property
    def n_bytes(self) -> int:
        return sum(offered.n_bytes for offered in self._known.values())

    def _until(self, key: tuple[str, str, int], known: Offered, last: int) -> Offered | None:
        n_bars = int(np.searchsorted(known.session, last, side="right"))
        if n_bars == known.session.size:
            return known
        if n_bars == 0:
            return None
        session = known.session[:n_bars]
        columns = {name: column[:n_bars] for name, column in known.beside.columns.items()}
        content = self.catalog.content_hash(*key, last)
        return Offered(Beside(known.beside.close_ns[:n_bars], columns), session, last, content)


def training(who: Chosen, besides: Besides, names: Sequence[str] | None = None) -> Dataset:
    """Return features and labels of a winner's signals in the discovery window.

    Parameters
    ----------
    who : Chosen
    besides : Besides
    names : sequence of str, optional
        Features; by default all that its bars and those of the run's other instruments tell.
        Instruments whose unsealed bars end more than a week before those that judge the model
        are left out: it could never be judged, nor trade.

    Raises
    ------
    GateError
        When a feature is the label in disguise.
    """
    found = _extracted(who, who.again.ground.bars, who.windows.discovery, besides, names)
    refuse_disguises(found)
    return found


def validation(who: Chosen, besides: Besides, names: Sequence[str]) -> Dataset:
    """Return the same of the window in which a fitted model is judged.

    Parameters
    ----------
    who, besides
    names : sequence of str
        Of the training set, or those of them that a model reads.

    Returns
    -------
    Dataset
        Of the signals decided in the window; bars are read from the beginning of discovery to the
        window's last, so that rule and features are warm. Trades begun before it are left out, and
        the account is flat at its beginning. A trade that has not ended by its last bar has no
        known label there: its bar is among ``trades.unknown``.

    Raises
    ------
    SettingsError
        When the window is sealed by another project.
    """
    return _extracted(who, bars_to_judge(who), who.windows.ml_validation, besides, names)


def bars_to_judge(who: Chosen) -> Bars:
    """Return a winner's bars from the beginning of discovery to the end of validation.

    Raises
    ------
    SettingsError
        When the validation window is sealed by another project.
    """
    window = who.windows.ml_validation
    symbol, timeframe = who.candidate.symbol, who.candidate.timeframe
    sealed = who.catalog.entry(symbol, timeframe).first_sealed_session
    if sealed is not None and sealed <= window.last:
        raise SettingsError(
            f"{symbol}: models are judged from {window.first} to {window.last}, and an earlier "
            f"project sealed its bars from {sealed} on. Let windows.ml_validation end before the "
            "seal, or open the seal on purpose; a look is logged and charged."
        )
    return who.catalog.read(symbol, timeframe, who.windows.discovery.first, window.last)


def _extracted(
    who: Chosen, bars: Bars, window: Window, besides: Besides, names: Sequence[str] | None
) -> Dataset:
    trades = who.traded(bars).trades()
    trades = trades.rows(window.holds(bars.session[trades.decided]))
    others = _others(who, bars, window, besides, names)
    beside_it = {symbol: offered.beside for symbol, offered in others.items()}
    frame = features(bars, beside_it, names, trades.decided)
    own = who.catalog.content_hash(
        bars.symbol, bars.timeframe, who.windows.discovery.first, window.last
    )
    read = {symbol: offered.data_hash for symbol, offered in others.items()}
    bars_hash = digest({**read, bars.symbol: own})
    return dataset(who.primary, bars, trades, frame, (window.first, window.last), bars_hash)


def _others(
    who: Chosen, bars: Bars, window: Window, besides: Besides, names: Sequence[str] | None
) -> Mapping[str, Offered]:
    """Return what the other instruments of the run offer up to the end of a window."""
    series = who.again.meta["series"]
    wanted = list(series) if names is None else [split(name)[0] for name in names]
    found: dict[str, Offered] = {}
    for symbol in dict.fromkeys(wanted):
        if symbol in ("", bars.symbol) or symbol not in series:
            continue
        last = besides.last_unsealed(symbol, bars.timeframe)
        lives = _day(who.windows.ml_validation.last) - _day(last) <= MAY_END
        offered = None
        if lives:
            offered = besides.of(symbol, bars.timeframe, series[symbol]["first"], window.last)
        if offered is not None:
            found[symbol] = offered
        elif names is not None:
            raise DataError(
                f"{bars.symbol}: its model reads {symbol}, whose unsealed bars must reach the end "
                f"of the window {window.first} to {window.last} and do not. Give windows by date "
                "that all series fill."
            )
    return found


def _day(session: int) -> date:
    return date(session // 10_000, session // 100 % 100, session % 100)
