"""A parameter is declared once: the line checks, spans the grid, describes and searches."""

import pytest

from alphamill.core.errors import SettingsError
from alphamill.core.params import (
    Bool,
    Choice,
    Float,
    Int,
    Time,
    checked,
    defaults,
    describe,
    grid,
    minute_of,
)

SPACE = {
    "length": Int(20, 2, 50, grid=(10, 20), help="bars of the average"),
    "width": Float(2.0, 0.5, 4.0, grid=(1.5, 2.0, 2.5)),
    "filtered": Bool(False),
    "kind": Choice("sma", ("sma", "ema"), grid=("sma", "ema")),
}


class Recording:
    """A search that answers with the highest value and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def suggest_int(self, name, low, high):
        self.asked.append(("int", name, low, high))
        return high

    def suggest_float(self, name, low, high):
        self.asked.append(("float", name, low, high))
        return high

    def suggest_categorical(self, name, choices):
        self.asked.append(("categorical", name, choices))
        return choices[-1]


def test_every_kind_suggests_itself_within_its_limits():
    trial = Recording()

    found = {name: p.suggest(trial, name) for name, p in SPACE.items()}

    assert found == {"length": 50, "width": 4.0, "filtered": True, "kind": "ema"}
    assert trial.asked == [
        ("int", "length", 2, 50),
        ("float", "width", 0.5, 4.0),
        ("categorical", "filtered", [False, True]),
        ("categorical", "kind", ["sma", "ema"]),
    ]


def test_what_a_search_suggests_is_accepted():
    trial = Recording()

    found = {name: p.suggest(trial, name) for name, p in SPACE.items()}

    assert checked("band", SPACE, found) == found


def test_an_optuna_trial_is_such_a_search():
    optuna = pytest.importorskip("optuna", reason="the optional search library is not installed")
    trial = optuna.create_study().ask()

    found = {name: p.suggest(trial, name) for name, p in SPACE.items()}

    assert checked("band", SPACE, found) == found


WRONG = [
    ("length", 1, "band.length must lie in [2, 50], received 1."),
    ("length", 51, "band.length must lie in [2, 50], received 51."),
    ("length", 2.5, "band.length must be a whole number, received 2.5."),
    ("length", True, "band.length must be a whole number, received True."),
    ("length", "20", "band.length must be a whole number, received '20'."),
    ("length", None, "band.length must be a whole number, received None."),
    ("width", 0.49, "band.width must lie in [0.5, 4.0], received 0.49."),
    ("width", 4.5, "band.width must lie in [0.5, 4.0], received 4.5."),
    ("width", float("nan"), "band.width must lie in [0.5, 4.0], received nan."),
    ("width", True, "band.width must be a number, received True."),
    ("width", "2", "band.width must be a number, received '2'."),
    ("filtered", 1, "band.filtered must be true or false, received 1."),
    ("filtered", "no", "band.filtered must be true or false, received 'no'."),
    ("kind", "wma", "band.kind must be one of ['sma', 'ema'], received 'wma'."),
    ("kind", ["sma"], "band.kind must be one of ['sma', 'ema'], received ['sma']."),
    (
        "lenght",
        20,
        "band has no parameter 'lenght'; it has ['filtered', 'kind', 'length', 'width'].",
    ),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG, ids=[m for *_, m in WRONG])
def test_a_wrong_value_is_refused_in_words(name, value, message):
    with pytest.raises(SettingsError) as caught:
        checked("band", SPACE, {name: value})

    assert str(caught.value) == message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_length_that_is_no_number_is_refused_in_words(value):
    with pytest.raises(SettingsError, match=r"band\.length must be a whole number, received"):
        checked("band", SPACE, {"length": value})


@pytest.mark.parametrize("length", [2, 50])
def test_the_limits_themselves_are_within(length):
    assert checked("band", SPACE, {"length": length})["length"] == length


def test_the_checked_set_is_full_typed_and_in_declared_order():
    full = checked("band", SPACE, {"width": 3, "length": 5.0})

    assert list(full.items()) == [
        ("length", 5),
        ("width", 3.0),
        ("filtered", False),
        ("kind", "sma"),
    ]
    assert [type(v) for v in full.values()] == [int, float, bool, str]


def test_checking_leaves_what_was_given_alone():
    given = {"length": 5.0}

    checked("band", SPACE, given)

    assert given == {"length": 5.0}
    assert type(given["length"]) is float


def test_defaults_are_every_parameters_default():
    assert defaults(SPACE) == {"length": 20, "width": 2.0, "filtered": False, "kind": "sma"}


def test_the_grid_runs_the_last_name_fastest_and_stands_at_defaults_elsewhere():
    points = list(grid(SPACE))

    assert len(points) == 2 * 3 * 1 * 2
    assert [(p["length"], p["width"], p["kind"]) for p in points[:3]] == [
        (10, 1.5, "sma"),
        (10, 1.5, "ema"),
        (10, 2.0, "sma"),
    ]
    assert points[-1] == {"length": 20, "width": 2.5, "filtered": False, "kind": "ema"}
    assert {p["filtered"] for p in points} == {False}


def test_a_rule_without_parameters_has_one_cell():
    assert list(grid({})) == [{}]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("length", "length: int in [2, 50], default 20; grid [10, 20]. bars of the average"),
        ("width", "width: float in [0.5, 4.0], default 2.0; grid [1.5, 2.0, 2.5]"),
        ("filtered", "filtered: bool, default False"),
        ("kind", "kind: choice of ['sma', 'ema'], default sma; grid ['sma', 'ema']"),
    ],
)
def test_the_line_of_help_says_kind_limits_default_grid_and_sense(name, line):
    assert describe(name, SPACE[name]) == line


# --- times of day ------------------------------------------------------------------------------

TIMES = {"start": Time("0930", ("0000", "2400"), "first bar")}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("0000", "0000"), ("09:30", "0930"), ("1500", "1500"), ("23:59", "2359"), ("2400", "2400")],
)
def test_a_time_is_kept_as_four_digits(given, kept):
    assert checked("ibs", TIMES, {"start": given}) == {"start": kept}


@pytest.mark.parametrize(
    "value",
    [
        "2401",
        "24:01",
        "1260",
        "930",
        "9:30",
        "1:500",
        "12:3:0",
        "+930",
        "",
        "noon",
        1500,
        None,
        True,
    ],
)
def test_what_is_no_time_is_refused(value):
    with pytest.raises(SettingsError) as caught:
        checked("ibs", TIMES, {"start": value})

    assert str(caught.value) == (
        f'ibs.start must be a time in quotes, from "0000" to "2400", received {value!r}.'
    )


def test_a_time_spans_a_grid_and_describes_itself():
    assert list(grid(TIMES)) == [{"start": "0000"}, {"start": "2400"}]
    assert describe("start", TIMES["start"]) == (
        "start: time, default 0930; grid ['0000', '2400']. first bar"
    )


def test_a_search_suggests_any_minute_of_the_day_as_a_time():
    trial = Recording()

    found = TIMES["start"].suggest(trial, "start")

    assert trial.asked == [("int", "start", 0, 1440)]
    assert checked("ibs", TIMES, {"start": found}) == {"start": "2400"}


def test_a_time_is_a_minute_of_the_day():
    assert [minute_of(text) for text in ("0000", "0930", "2359", "2400")] == [0, 570, 1439, 1440]
