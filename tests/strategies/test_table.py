from pathlib import Path

import pytest

import alphamill.strategies
from alphamill.core.errors import SettingsError
from alphamill.strategies import BY_NAME, STRATEGIES, find, plain

REGISTRY = {
    1: ("BollingerBands", 16),
    2: ("KeltnerChannelBreakout", 48),
    3: ("ThreeBarReversal", 12),
    4: ("SupportResistanceBounce", 36),
    5: ("EngulfingPattern", 9),
    6: ("HammerShootingStar", 27),
    7: ("MovingAverageEnvelope", 16),
    8: ("ParabolicSAR", 4),
    9: ("ADXTrendStrength", 9),
    10: ("IchimokuCloud", 4),
    11: ("StochasticRSI", 54),
    12: ("WilliamsPercentR", 36),
    13: ("CCIStrategy", 36),
    # 27 in the registry: a small body leaves more than the least shadow in any case.
    14: ("DojiReversal", 9),
    15: ("PriceChannelBreakout", 12),
    16: ("TurtleTrading", 12),
    17: ("MACross", 16),
    18: ("EMARibbon", 9),
    19: ("MACD", 27),
    20: ("FibonacciRetracement", 27),
    21: ("RSI2_MeanReversion", 36),
    22: ("RSIDivergence", 27),
    23: ("GapFill", 12),
    24: ("VWAPReversion", 4),
    25: ("OpeningRangeBreakout", 9),
    26: ("InsideBarBreakout", 9),
    27: ("MeanReversionBands", 27),
    28: ("ATRTrailingStop", 27),
    29: ("VolumeBreakout", 27),
    30: ("MomentumFade", 27),
    31: ("PivotPointReversal", 6),
    32: ("ROCStrategy", 27),
    33: ("AroonIndicator", 9),
    34: ("MoneyFlowIndex", 27),
    35: ("ChaikinOscillator", 9),
    36: ("RSI2_SMAFilter", 81),
    # 27 in the registry: nine pairs of percents mean the same in each of three windows.
    37: ("Double7s", 3),
    38: ("OvernightGapStrategy", 27),
    39: ("TimeOfDayReversal", 18),
    40: ("BuyOn5BarLow", 4),
    # 72 in the registry: without a filter the averages are one.
    41: ("ThreeBarLow", 48),
    42: ("GapDownReversal", 9),
    43: ("TurnOfMonth", 36),
    44: ("BBIBSReversal", 81),
    45: ("IBSStrategy", 16),
    46: ("FourBarMomentumReversal", 9),
    47: ("ConsecutiveBearishCandle", 4),
    48: ("ConsecutiveBarsEMA", 18),
    49: ("AvgHLRangeIBS", 81),
    # 54 in the registry: without a filter the spans are one.
    50: ("ThreeDownThreeUp", 36),
    # 18 in the registry, for the same reason.
    51: ("ConsecutiveCloseLow", 12),
    # 216 in the registry: 108 without a filter, of which every third is distinct.
    52: ("ATRBuyDip", 144),
    53: ("IBSExtreme", 12),
    # 96 in the registry: 48 without a filter, of which every third is distinct.
    54: ("TenBarHighBreakout", 64),
}
# Of the catalogue and the seeds' configured strategies, and what the archetypes lacked.
BEYOND = {
    55: ("Supertrend", 9),
    56: ("ChandeMomentum", 36),
    57: ("ConnorsRSI", 54),
    58: ("WaveTrend", 81),
    59: ("KST", 18),
    60: ("PriceVolumeTrend", 4),
    # Of 27 points, those whose middle average is as slow as the slow one.
    61: ("TripleMA", 24),
    62: ("LinearRegressionChannel", 12),
    63: ("RSI2TwoDownDays", 36),
    64: ("CumulativeRSI", 36),
    65: ("VolatilityExpansion", 12),
    66: ("PsychologicalLine", 27),
    67: ("VolumeWeightedMACD", 27),
    68: ("DailyTrendPullback", 24),
    69: ("ibs", 12),
    70: ("breakout", 9),
    71: ("PairsZScore", 18),
    72: ("KalmanSpread", 12),
}


def test_the_table_has_the_registrys_numbers_names_and_grids():
    rows = {s.number: (s.name, sum(1 for _ in s.cells())) for s in STRATEGIES}

    assert {number: row for number, row in rows.items() if number <= max(REGISTRY)} == REGISTRY


def test_the_table_goes_on_where_the_registry_ends():
    rows = {s.number: (s.name, sum(1 for _ in s.cells())) for s in STRATEGIES}

    assert {number: row for number, row in rows.items() if number > max(REGISTRY)} == BEYOND


def test_the_table_holds_each_file_of_the_folders_once():
    folder = Path(alphamill.strategies.__file__).parent
    files = {p.stem for p in folder.glob("*/*.py")} - {"__init__"}

    rows = [s.rule.__module__.rpartition(".")[2] for s in STRATEGIES]

    assert sorted(rows) == sorted(files)
    assert [plain(row) for row in rows] == [plain(s.name) for s in STRATEGIES]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.name)
def test_a_strategy_is_found_by_number_and_by_every_spelling(strategy):
    file = strategy.rule.__module__.rpartition(".")[2]
    spellings = (
        strategy.number, str(strategy.number), f" {strategy.number} ", strategy.name,
        strategy.name.upper(), file, f"{file}_bt", f"{file}_BT", f"{strategy.name}_bt",
    )  # fmt: skip

    assert {find(key).name for key in spellings} == {strategy.name}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("bolinger_bands", r"'bolinger_bands'; the nearest are \['BollingerBands'"),
        ("rsi2", r"the nearest are \['RSI2_MeanReversion', 'RSI2_SMAFilter', 'RSI2TwoDownDays'\]"),
        ("zzz", r"called 'zzz'; none has a name like it\. `alphamill strategies` lists them"),
        ("", r"no strategy is called ''; none has a name like it"),
        (99, r"no strategy has the number 99; the table holds 1 to 72\. `alphamill strategies`"),
        ("-21", r"no strategy is called '-21'"),
    ],
)
def test_an_unknown_strategy_is_refused_with_the_nearest(key, words):
    with pytest.raises(SettingsError, match=words):
        find(key)


def test_names_map_to_their_strategies():
    assert all(BY_NAME[s.name] is s for s in STRATEGIES)
