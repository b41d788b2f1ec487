import pytest

from alphamill.core.errors import SettingsError
from alphamill.settings.project import parse_project


def project(text: str, **environ: str):
    return parse_project(text.encode(), "p.yml", environ)


def test_an_empty_file_takes_the_documented_defaults():
    got = project("")

    assert (got.data.source, got.data.symbols, got.data.timeframe) == ("sample", "all", "1d")
    assert len(got.sweep.exits.combinations()) == 20
    assert sum(got.windows.model_dump().values()) == pytest.approx(1.0)
    assert got.winners.carry_unproven is False


def test_a_block_whose_keys_are_all_commented_out_takes_its_defaults():
    assert project("sweep:\n  # seed: 3\n  exits:\n").sweep == project("").sweep


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("datas: {}", r"line 1: unknown key 'datas' in the file; .* Did you mean 'data'\?"),
        ("a: 1\nsweep:\n  sede: 3", r"line 3: unknown key 'sede' in sweep; .* mean 'seed'\?"),
        ("sweep:\n  exits:\n    stop_atr: [1]", "line 3: .* in sweep.exits; .*'stop_loss_atr'"),
        ("sweep:\n  seed: x", "line 2: sweep.seed: must be a valid integer.*received 'x'"),
        ("sweep:\n  max_cells: 0", "line 2: sweep.max_cells: must be greater than or equal to 1"),
        ("gates: 7", "line 1: gates: must be"),
        ("data:\n  timeframe: 2h", "line 2: data.timeframe: must be '1m', '5m'"),
        ("data:\n  symbols: [SPX, 700]", "line 2: data.symbols.1: must be a valid string"),
        ("windows: {sealed: [2024-12-31, 2024-01-01]}", "first day must not come after its last"),
        ("windows: {sealed: [2024-12-31]}", "a fraction or .first day, last day."),
        ("windows: {sealed: [soon, later]}", "'soon' is not a day as 2010-12-31"),
        ("windows: {sealed: .nan}", "windows.sealed"),
        ("a: 1\nwindows: {sealed: 0.5}", "line 2: windows: the fractions .* must add up to 1"),
        ("windows: {sealed: [2024-01-01, 2024-12-31]}", "all days; days has only .'sealed'."),
        ("instruments:\n  ES: {comission: 1}", "line 2: unknown key 'comission' in instruments.ES"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_with_what_it_must_hold(text, said):
    with pytest.raises(SettingsError, match=said):
        project(text)


def test_every_fault_of_a_file_is_told_at_once_and_only_once():
    with pytest.raises(SettingsError) as told:
        project("sweep:\n  sede: 3\ndata:\n  symbols: 7\n")

    lines = str(told.value).splitlines()
    assert sorted(line.split(":")[0] for line in lines) == ["p.yml line 2", "p.yml line 4"]


def test_a_bad_value_from_the_environment_is_shown_as_written():
    with pytest.raises(SettingsError) as told:
        project("sweep:\n  seed: ${SEED}", SEED="hunter2")

    assert "received '${SEED}'" in str(told.value)
    assert "hunter2" not in str(told.value)


def test_options_of_a_source_are_not_in_the_repr():
    got = project("data:\n  options: {api_key: '${KEY}'}", KEY="hunter2")

    assert got.data.options == {"api_key": "hunter2"}
    assert "hunter2" not in repr(got)


def test_numbers_may_come_from_the_environment():
    assert project("sweep: {seed: '${SEED}'}", SEED="11").sweep.seed == 11


def test_windows_may_be_days():
    got = project(
        "windows: {discovery: [2010-01-01, '2021-12-31'], ml_validation: [2022-01-01, 2022-12-31], "
        "portfolio: [2023-01-01, 2023-12-31], sealed: [2024-01-01, 2024-12-31]}"
    )

    assert got.windows.discovery == (20100101, 20211231)
    assert got.plan().windows["sealed"] == (20240101, 20241231)
