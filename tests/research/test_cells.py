"""A stored part is what was swept: equal when read, equal bytes when equal, refused when torn."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.backtest.lanes import TALLY
from alphamill.backtest.metrics import daily_pnl, periods_per_year, sharpe
from alphamill.core.errors import DataError
from alphamill.research.cells import Part, in_sample, joined, read_part, write_part
from alphamill.research.factory import rerun
from alphamill.research.sweep import Task, run_task
from alphamill.strategies import find
from tests.research.grounds import ground

PARAMS = (
    {"length": 2, "width": 1.5, "filtered": False, "kind": "sma"},
    {"length": 3, "width": 1.5, "filtered": True, "kind": "sma"},
)
STACKS = (
    ExitStack(0.5, None, 20),
    ExitStack(None, 3.0, None, session_exit=True),
    ExitStack(2.0, 1.0, 5, trail_atr=2.5, break_even_atr=1.0, atr_length=20),
)


def made(params=PARAMS, stacks=STACKS, seed=1, n_blocks=4) -> Part:
    """Return a part whose every number is another one."""
    rng = np.random.default_rng(seed)
    n_cells = len(params) * len(stacks)
    cells = np.zeros(n_cells, dtype=TALLY)
    for name in TALLY.names:
        cells[name] = rng.integers(-1_000, 1_000, cells[name].shape)
        if TALLY[name].base == np.float64:
            cells[name] += rng.random(cells[name].shape)
    blocks = rng.standard_normal((n_cells, n_blocks, 2))
    entries = rng.integers(0, 99, (n_cells, n_blocks)).astype(np.int32)
    return Part("ES", "Sways", tuple(params), tuple(stacks), cells, blocks, entries)


def same(one: Part, other: Part) -> bool:
    words = ("symbol", "strategy", "params", "stacks")
    assert [getattr(one, w) for w in words] == [getattr(other, w) for w in words]
    for name in ("cells", "blocks", "entries"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype
    return True


@pytest.mark.parametrize(
    "part",
    [
        made(),
        made(params=PARAMS[:1]),
        made(stacks=STACKS[:1]),
        made(PARAMS[:1], STACKS[:1], n_blocks=1),
        made(params=({},)),
    ],
    ids=["full", "one_set", "one_stack", "one_cell", "no_parameters"],
)
def test_a_part_is_read_as_it_was_written(tmp_path, part):
    write_part(tmp_path / "p.parquet", part)

    assert same(read_part(tmp_path / "p.parquet"), part)


def test_values_keep_their_types(tmp_path):
    write_part(tmp_path / "p.parquet", made())

    read = read_part(tmp_path / "p.parquet")

    assert [type(v) for v in read.params[1].values()] == [bool, str, int, float]
    assert read.stacks[1].stop_loss_atr is None
    assert read.stacks[1].session_exit is True


def test_infinities_are_kept(tmp_path):
    part = made()
    part.blocks[0, 0, 0], part.cells["largest_win"][1] = -np.inf, np.inf

    write_part(tmp_path / "p.parquet", part)

    assert same(read_part(tmp_path / "p.parquet"), part)


def test_equal_parts_are_equal_bytes_and_others_are_not(tmp_path):
    turned = made()
    turned = replace(turned, blocks=np.asfortranarray(turned.blocks))
    shuffled = replace(made(), params=tuple(dict(reversed(p.items())) for p in PARAMS))
    other = made()
    other.entries[3, 2] += 1

    found = []
    for k, part in enumerate((made(), turned, shuffled, other)):
        write_part(tmp_path / f"{k}", part)
        found.append((tmp_path / f"{k}").read_bytes())

    assert found[0] == found[1] == found[2] != found[3]


def test_a_read_part_is_written_as_the_same_bytes(tmp_path):
    write_part(tmp_path / "one", made())

    write_part(tmp_path / "two", read_part(tmp_path / "one"))

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_nothing_but_the_part_is_left_in_the_folder(tmp_path):
    write_part(tmp_path / "p.parquet", made())

    assert [p.name for p in tmp_path.iterdir()] == ["p.parquet"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: b"no parquet",
        lambda data: data[:4] + bytes(len(data) - 200) + data[-196:],
    ],
    ids=["half", "a_byte_short", "empty", "other", "zeroed"],
)
def test_a_torn_file_is_refused_with_its_name_and_the_remedy(tmp_path, spoil):
    path = tmp_path / "000017.parquet"
    write_part(path, made())
    path.write_bytes(spoil(path.read_bytes()))

    with pytest.raises(DataError) as caught:
        read_part(path)

    message = str(caught.value)
    assert message.startswith("000017.parquet: this stored part of a sweep cannot be read (")
    assert message.endswith(
        "Delete the file and run the sweep again; only its cells are computed anew."
    )


def test_an_absent_file_and_another_table_are_refused_too(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")

    for name in ("absent.parquet", "other.parquet"):
        with pytest.raises(DataError, match=rf"^{name}: this stored part .* cannot be read"):
            read_part(tmp_path / name)


def test_a_cell_is_found_by_its_row_stacks_fastest():
    part = made()

    found = [part.params_of(row) for row in range(6)]

    assert found == [(p, s) for p in PARAMS for s in STACKS]


def test_parts_are_joined_in_their_order():
    one, other = made(PARAMS[:1], seed=1), made(PARAMS[1:], seed=2)

    whole = joined([other, one])

    assert whole.params == (PARAMS[1], PARAMS[0])
    assert (whole.symbol, whole.strategy, whole.stacks) == ("ES", "Sways", STACKS)
    np.testing.assert_array_equal(whole.cells, np.concatenate([other.cells, one.cells]))
    np.testing.assert_array_equal(whole.blocks, np.concatenate([other.blocks, one.blocks]))
    np.testing.assert_array_equal(whole.entries, np.concatenate([other.entries, one.entries]))
    assert whole.params_of(4) == (PARAMS[0], STACKS[1])


def test_in_sample_sharpe_by_hand():
    # Four sessions in two blocks: 3, 0 | -1, 2. Sum 4, squares 14; mean 1, variance 10/3.
    part = made(PARAMS[:1], STACKS[:1], n_blocks=2)
    part.blocks[0] = [[3.0, 9.0], [1.0, 5.0]]

    assert in_sample(part, 4, 252).tolist() == pytest.approx([(252 * 3 / 10) ** 0.5])


def test_in_sample_sharpe_is_that_of_a_whole_backtest():
    floor = ground(3, exits=exit_grid((1.0, 2.0), (3.0,)))
    sets = tuple(list(find(45).cells())[:4])
    part = run_task({"A": floor}, Task(0, "A", "IBSStrategy", sets))
    per_year = periods_per_year(floor.sessions)

    found = in_sample(part, floor.sessions.size, per_year)

    whole = [rerun(find(45), {"A": floor}, part, row) for row in range(8)]
    slow = [sharpe(daily_pnl(result)[1], per_year) for result in whole]
    assert len(set(slow)) == 8
    np.testing.assert_allclose(found, slow, rtol=1e-9)


def test_no_flipped_bit_is_read_as_a_number(tmp_path):
    path = tmp_path / "000003.parquet"
    part = made()
    write_part(path, part)
    whole = path.read_bytes()

    told = []
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 8]) + whole[at + 1 :])
        try:
            back = read_part(path)
        except DataError as e:
            told.append(str(e))
        else:
            np.testing.assert_array_equal(back.blocks, part.blocks)
            np.testing.assert_array_equal(back.cells, part.cells)
            about = ("symbol", "strategy", "params", "stacks", "others", "failed")
            assert [getattr(back, n) for n in about] == [getattr(part, n) for n in about]

    assert len(told) > 100
    assert all(text.startswith("000003.parquet: ") for text in told)
