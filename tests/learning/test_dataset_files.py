"""Training sets on disk: all comes back from Parquet, and CSV has the seeds' columns."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning.dataset import BY_ROW, Primary
from alphamill.learning.dataset_files import BEFORE_FEATURES, path_of, read, write
from alphamill.learning.labels import SignalTrades
from tests.learning.test_dataset import BARS, FIRST, MADE, NAMES, PRIMARY, made

SEEDS = [
    "Date/Time", "Exit Date/Time", "Date", "Exit_Date", "Entry_Price", "Exit_Price", "Symbol",
    "Strategy", "y_return", "y_binary", "y_pnl_usd", "y_pnl_gross", "bars_held", "exit_type",
]  # fmt: skip
DATA = made(window=(FIRST, 20180702))


def bits(column):
    return column.dtype.str, column.shape, np.ascontiguousarray(column).tobytes()


def same(one, other):
    rows = [(getattr(d, name) for d in (one, other)) for name in ("x", "sessions", *BY_ROW)]
    columns = (*SignalTrades.columns(), "unknown")
    rows += [(getattr(d.trades, name) for d in (one, other)) for name in columns]
    facts = "primary", "names", "first", "last", "bars_hash", "features_hash", "labels_hash"
    return all(bits(a) == bits(b) for a, b in rows) and all(
        getattr(one, name) == getattr(other, name) for name in facts
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return pd.read_csv(write(tmp_path_factory.mktemp("csv"), DATA, "csv"))


def test_a_training_set_comes_back_to_the_last_bit(tmp_path):
    # A number that is unknown, one that is not finite, and a zero below zero.
    x = DATA.x.copy()
    x[:3, 0] = np.nan, np.inf, -0.0
    odd = replace(DATA, x=x, trades=DATA.trades.rows(np.arange(len(DATA)), np.array([5, 7])))

    path = write(tmp_path, odd)

    assert path == tmp_path / "QTR_RSI2_MeanReversion_training.parquet"
    assert same(read(path), odd)
    assert not same(read(path), DATA)
    assert list(tmp_path.iterdir()) == [path]


def test_a_set_without_rows_comes_back_too(tmp_path):
    none = made(window=(20100101, 20100301))

    assert len(none) == 0
    assert same(read(write(tmp_path, none)), none)


def test_equal_sets_are_equal_bytes(tmp_path):
    first, second = write(tmp_path / "a", MADE), write(tmp_path / "b", made())

    assert first.read_bytes() == second.read_bytes()


def test_a_symbol_is_no_folder(tmp_path):
    primary = Primary("BTC/USD", "1h", "x", 1, {"stop_loss_atr": None})

    path = write(tmp_path, replace(DATA, primary=primary))

    assert path.parent == tmp_path
    assert read(path).primary == primary
    assert path == path_of(tmp_path, primary)


def test_csv_has_the_seeds_columns_then_ours_then_the_features(table):
    assert list(table.columns) == [*SEEDS, "y_taken", "y_side", "y_weight", *NAMES]
    assert list(BEFORE_FEATURES) == [*SEEDS, "y_taken", "y_side", "y_weight"]


def test_csv_says_what_the_trades_came_to(table):
    trades = DATA.trades
    entered = pd.to_datetime(table["Date/Time"])

    assert np.array_equal(entered.astype("datetime64[ns, UTC]").astype(np.int64), DATA.entry_ns)
    assert (table["Date"] == entered.dt.strftime("%Y-%m-%d")).all()
    assert (table["Exit_Date"] == table["Exit Date/Time"].str[:10]).all()
    assert (
        table["exit_type"].isin(["stop", "target", "rule", "time", "stop_gap", "target_gap"])
    ).all()
    for name, column in {
        "y_return": DATA.returns,
        "y_binary": DATA.y,
        "y_pnl_usd": trades.pnl,
        "y_pnl_gross": trades.pnl + 4.0,
        "bars_held": trades.bars_held,
        "y_taken": trades.taken,
        "y_side": trades.side,
        "y_weight": DATA.weight,
        "Entry_Price": trades.entry_price,
    }.items():
        assert table[name].to_numpy() == pytest.approx(column.astype(float), rel=1e-15)


def test_csv_features_are_those_of_the_set(table):
    assert np.array_equal(table[list(NAMES)].to_numpy(), DATA.x, equal_nan=True)
    assert set(table["Symbol"]) == {PRIMARY.symbol}
    assert set(table["Strategy"]) == {PRIMARY.strategy}


def test_another_form_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"one of \['parquet', 'csv'\], received 'xlsx'"):
        write(tmp_path, DATA, "xlsx")


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def other_rows(path):
    table = pq.read_table(path)
    pq.write_table(table.take(list(range(table.num_rows - 1, -1, -1))), path)


def other_meta(path):
    table = pq.read_table(path)
    meta = {**table.schema.metadata, b"first": b"20170101"}
    pq.write_table(table.replace_schema_metadata(meta), path)


def other_file(path):
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)


@pytest.mark.parametrize(
    "spoil", [cut_short, flipped, other_rows, other_meta, other_file, lambda path: path.unlink()]
)
def test_a_damaged_file_is_refused_with_the_remedy(tmp_path, spoil):
    path = write(tmp_path, DATA)
    spoil(path)

    with pytest.raises(DataError, match=f"{path.name}: .*Delete the file and extract it again"):
        read(path)


def test_a_kill_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = write(tmp_path, DATA)
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, made(bars=BARS.head(2_500), window=(FIRST, 20180702)))

    assert path.read_bytes() == before
