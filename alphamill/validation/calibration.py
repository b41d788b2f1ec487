"""Size and power of any choice of deciding gates, from markets on which all gates were asked.

Of each simulated market the file keeps what its candidates passed: a pattern is a number whose
bit k says that gate k of the file's list was passed. A choice of gates is survived where some
pattern holds them all, so no choice needs a new run. The self-test writes the file.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scipy.special import betaincinv

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.statistics import Interval
from alphamill.workshop.files import write_atomic

SHIPPED = Path(__file__).with_name("calibration.json")
CONFIDENCE = 0.99


@dataclass(frozen=True)
class Setting:
    """What was simulated.

    Attributes
    ----------
    id : str
        The experiment of the self-test, such as K1.
    kind : str
        Of the market, such as iid or garch.
    edge_sharpe : float
        Annual Sharpe ratio of the planted edge; 0 on noise.
    preset : str
        Whose thresholds the gates had; patterns say nothing about other ones.
    detail : str
        Length, cells, and what else a reader should know.
    """

    id: str
    kind: str
    edge_sharpe: float = 0.0
    preset: str = "calibrated"
    detail: str = ""


@dataclass(frozen=True)
class Experiment:
    """The patterns of one setting, as (number of markets, their largest patterns)."""

    setting: Setting
    markets: tuple[tuple[int, tuple[int, ...]], ...]

    @property
    def n_markets(self) -> int:
        return sum(n for n, _ in self.markets)


@dataclass(frozen=True)
class Rate:
    """The share of markets on which a choice of gates is survived.

    Attributes
    ----------
    setting : Setting
    n_markets, n_survived : int
    share : float
        On noise the size, on a planted edge the power.
    interval : Interval
        Exact, 99 %, two-sided.
    """

    setting: Setting
    n_markets: int
    n_survived: int
    share: float
    interval: Interval


@dataclass(frozen=True)
class Calibration:
    """All experiments; bit k of a pattern is ``gates[k]``. Empty where nothing was measured."""

    gates: tuple[str, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    @classmethod
    def from_patterns(
        cls, gates: Iterable[str], markets: Mapping[Setting, Iterable[Iterable[int]]]
    ) -> "Calibration":
        """Return the calibration of simulated markets.

        Parameters
        ----------
        gates : iterable of str
            Their names, in the order of the bits.
        markets : mapping
            By setting, for each market the patterns of its candidates; on a planted edge those of
            the planted candidate alone. A market without a candidate counts, with no pattern.

        Raises
        ------
        DataError
            For a setting without a market, or a pattern with a bit beyond the gates.
        """
        experiments = []
        for setting, each in markets.items():
            alike = Counter(largest(patterns) for patterns in each)
            counted = tuple((n, patterns) for patterns, n in sorted(alike.items()))
            experiments.append(Experiment(setting, counted))
        made = cls(tuple(gates), tuple(experiments))
        fault = made._fault()
        if fault:
            raise DataError(f"the calibration {fault}. Run the experiments again.")
        return made

    def size_and_power(
        self, decides: Collection[str], preset: str = "calibrated"
    ) -> tuple[Rate, ...]:
        """Return how often the gates of ``decides`` together are survived, by experiment.

        Nothing where no experiment had the thresholds of ``preset``.

        Raises
        ------
        SettingsError
            For no gate, or one that the experiments did not ask.
        """
        asked = [one for one in self.experiments if one.setting.preset == preset]
        strangers = sorted(set(decides) - set(self.gates))
        if asked and (strangers or not decides):
            raise SettingsError(
                "size and power are known for gates that were measured, at least one of "
                f"{', '.join(self.gates)}; received {strangers or 'none'}."
            )
        mask = sum(1 << k for k, gate in enumerate(self.gates) if gate in decides)
        return tuple(_rate(experiment, mask) for experiment in asked)

    def save(self, path: Path = SHIPPED) -> None:
        """Write the file that `load` reads, an experiment a line."""
        lines = [
            json.dumps(
                {
                    **asdict(one.setting),
                    "n_markets": one.n_markets,
                    "markets": [[n, list(patterns)] for n, patterns in one.markets],
                }
            )
            for one in self.experiments
        ]
        write_atomic(
            path,
            f'{{"gates": {json.dumps(self.gates)},\n "experiments": [\n  '
            + ",\n  ".join(lines)
            + "\n]}\n",
        )

    def _fault(self) -> str:
        beyond = 1 << len(self.gates)
        for one in self.experiments:
            if not one.n_markets:
                return f"holds no market of {one.setting.id}"
            for n, patterns in one.markets:
                if n < 1 or not all(0 <= pattern < beyond for pattern in patterns):
                    return f"holds [{n}, {list(patterns)}] of {one.setting.id} for {beyond} gates"
        return ""


def load(path: Path = SHIPPED) -> Calibration:
    """Return the calibration of a file of `Calibration.save`; an empty one where it is absent.

    Raises
    ------
    DataError
        For a file that is none.
    """
    if not path.exists():
        return Calibration()
    try:
        found = json.loads(path.read_text("utf-8"))
        made = Calibration(
            tuple(found["gates"]), tuple(_experiment(one) for one in found["experiments"])
        )
        fault = made._fault()
    except (ValueError, KeyError, TypeError) as e:
        fault = f"cannot be read ({e!r})"
    if fault:
        raise DataError(f"{path}: the calibration {fault}. Run the self-test in full again.")
    return made


def largest(patterns: Iterable[int]) -> tuple[int, ...]:
    """Return the patterns that no other one contains, rising: they decide what is survived.

    Examples
    --------
    >>> largest([0b011, 0b001, 0b100, 0b011])
    (3, 4)
    """
    distinct = set(patterns)
    return tuple(sorted(p for p in distinct if not any(p != q and p & q == p for q in distinct)))


def proportion_interval(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact two-sided interval of a proportion, in [0, 1].

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26(4).

    Examples
    --------
    >>> low, high = proportion_interval(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.0516)
    """
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1.0 - tail))
    return Interval(low, high)


def _rate(experiment: Experiment, mask: int) -> Rate:
    n = experiment.n_markets
    hits = sum(count for count, found in experiment.markets if any(p & mask == mask for p in found))
    return Rate(experiment.setting, n, hits, hits / n, proportion_interval(hits, n))


def _experiment(one: Mapping[str, Any]) -> Experiment:
    names = Setting.__dataclass_fields__
    setting = Setting(**{name: one[name] for name in names})
    markets = tuple((int(n), tuple(map(int, patterns))) for n, patterns in one["markets"])
    experiment = Experiment(setting, markets)
    if experiment.n_markets != one["n_markets"]:
        raise ValueError(f"{setting.id}: {experiment.n_markets} of {one['n_markets']} markets")
    return experiment
