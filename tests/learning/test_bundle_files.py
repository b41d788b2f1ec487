"""Bundles on disk: as the seeds call them, whole or refused, and never half replaced."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import DataError, MillError, SettingsError
from alphamill.learning import bundle_files
from alphamill.learning.bundle_files import (
    MissingBundleError,
    export_flat,
    load_model_bundle,
    save_bundle,
)

from .bundles import BEFORE_NS, FOREST, bundle, identity, rows
from .test_bundle import DEFINED, GOOD
from .test_bundle_models import LINE


def files(folder):
    return sorted(path for path in folder.iterdir() if path.suffix in (".json", ".npz"))


def test_a_bundle_loads_as_the_seeds_call_it(tmp_path):
    save_bundle(bundle(), tmp_path / "ES_RSIMeanReversion")

    found = load_model_bundle("ES", base_dir=str(tmp_path))

    assert found.symbol == "ES"
    assert found.model is not None
    assert list(found.features) == found.metadata["Features"] == ["ibs", "rsi_2"]
    assert found.threshold == 0.55
    assert (found.metadata["Sharpe"], found.metadata["Profit_Factor"]) == (0.9413, 1.6469)


@pytest.mark.parametrize("model", [FOREST, replace(FOREST, boosted=True, single=True), LINE])
def test_what_is_loaded_is_what_was_saved(tmp_path, model):
    made = bundle(model=model)
    save_bundle(made, tmp_path)

    found = load_model_bundle("ES", tmp_path)

    assert dict(found.metadata) == dict(made.metadata)
    assert found.identity == made.identity
    assert found.strategy == made.strategy
    assert np.array_equal(found.model.predict_proba(rows()), model.predict_proba(rows()))
    assert np.array_equal(found.replay.rows, made.replay.rows)
    assert found.replay_error == 0.0
    assert found.score(GOOD, BEFORE_NS, DEFINED) == made.score(GOOD, BEFORE_NS, DEFINED)


def test_the_json_has_the_seeds_keys_and_says_from_what_it_was_made(tmp_path):
    content = json.loads(save_bundle(bundle(), tmp_path).read_text())

    keys = ["Symbol", "Sharpe", "Profit_Factor", "Trades", "Prod_Threshold", "Features", "Params"]
    assert {name for name in (*keys, "Holdout", "Deflated_Sharpe")} <= set(content)
    assert content["Identity"]["n_trials"] == 10_420
    assert content["Identity"]["windows"]["validation"] == [20220103, 20241231]
    assert content["Schema_Version"] == 1
    assert [path.name for path in files(tmp_path)] == ["ES_best.json", content["Model"]["File"]]


def test_equal_bundles_are_equal_bytes(tmp_path):
    for name in ("one", "two"):
        save_bundle(bundle(), tmp_path / name)

    one, two = ([f.read_bytes() for f in files(tmp_path / name)] for name in ("one", "two"))
    assert one == two


def test_a_thousand_changed_bytes_are_all_found(tmp_path):
    save_bundle(bundle(), tmp_path)
    rng = np.random.default_rng(20)
    paths = files(tmp_path)
    original = {path: path.read_bytes() for path in paths}
    unseen = []

    for _ in range(1_000):
        path = paths[rng.integers(len(paths))]
        changed = bytearray(original[path])
        at, flip = int(rng.integers(len(changed))), int(rng.integers(1, 256))
        changed[at] ^= flip
        path.write_bytes(changed)
        try:
            load_model_bundle("ES", tmp_path)
            unseen.append((path.name, at, flip))
        except MillError:
            pass
        path.write_bytes(original[path])

    assert unseen == []
    assert load_model_bundle("ES", tmp_path).replay_error == 0.0


@pytest.mark.parametrize("i", [0, 1])
def test_a_changed_byte_is_named_with_its_file_and_a_remedy(tmp_path, i):
    save_bundle(bundle(), tmp_path)
    path = files(tmp_path)[i]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(DataError, match=rf"{path.name}: .* damaged\. Restore it from a copy"):
        load_model_bundle("ES", tmp_path)


@pytest.mark.parametrize("change", [b" ", b"\n"])
def test_added_bytes_and_cut_files_are_found(tmp_path, change):
    save_bundle(bundle(), tmp_path)

    for path in files(tmp_path):
        data = path.read_bytes()
        for other in (data + change, change + data, data[:-1], b""):
            path.write_bytes(other)
            with pytest.raises(DataError):
                load_model_bundle("ES", tmp_path)
        path.write_bytes(data)


def test_a_lost_model_and_one_of_another_bundle_are_refused(tmp_path):
    save_bundle(bundle(), tmp_path)
    save_bundle(bundle(model=LINE), tmp_path / "other")
    model, other = files(tmp_path)[1], files(tmp_path / "other")[1]
    data = model.read_bytes()

    model.write_bytes(other.read_bytes())
    with pytest.raises(DataError, match="its hash is not"):
        load_model_bundle("ES", tmp_path)
    model.unlink()
    with pytest.raises(DataError, match="model must be readable"):
        load_model_bundle("ES", tmp_path)
    model.write_bytes(data)
    assert load_model_bundle("ES", tmp_path).threshold == 0.55


# --- where it is looked for --------------------------------------------------------------------


def test_a_missing_bundle_is_a_file_not_found_with_the_remedy(tmp_path):
    save_bundle(bundle(), tmp_path)

    for base in (tmp_path, tmp_path / "absent"):
        with pytest.raises(FileNotFoundError, match=r"NQ_best\.json.*Train a bundle for NQ") as e:
            load_model_bundle("NQ", base_dir=base)
        assert isinstance(e.value, MissingBundleError)
        assert e.value.exit_code == 2


def test_two_winners_of_one_symbol_must_be_named(tmp_path):
    for strategy in ("ES_A", "ES_B"):
        save_bundle(bundle(strategy=strategy), tmp_path / strategy)

    with pytest.raises(SettingsError, match=r"holds 2 bundles of ES. Name one of .*ES_A.*ES_B"):
        load_model_bundle("ES", tmp_path)
    assert load_model_bundle("ES", tmp_path / "ES_B").strategy == "ES_B"
    # What lies in the named folder itself is meant.
    save_bundle(bundle(strategy="flat"), tmp_path)
    assert load_model_bundle("ES", tmp_path).strategy == "flat"


def test_a_symbol_is_no_path(tmp_path):
    save_bundle(bundle(), tmp_path)

    with pytest.raises(SettingsError, match="symbol must be letters"):
        load_model_bundle("../ES", tmp_path / "sub")


def test_a_file_under_another_symbols_name_is_refused(tmp_path):
    save_bundle(bundle(), tmp_path)
    (tmp_path / "ES_best.json").rename(tmp_path / "NQ_best.json")

    with pytest.raises(DataError, match="it speaks of 'ES'"):
        load_model_bundle("NQ", tmp_path)


def test_the_flat_folder_of_the_seeds_holds_one_winner_a_symbol(tmp_path):
    both = [bundle(), bundle(symbol="NQ")]
    export_flat(both, tmp_path)

    assert [load_model_bundle(s, tmp_path).symbol for s in ("ES", "NQ")] == ["ES", "NQ"]
    assert len(files(tmp_path)) == 4
    # The same winner may be written again; another of its symbol may not.
    export_flat([bundle(threshold=0.6)], tmp_path)
    assert load_model_bundle("ES", tmp_path).threshold == 0.6
    with pytest.raises(SettingsError, match="'RSIMeanReversion' and 'Other' for ES"):
        export_flat([bundle(symbol="YM"), bundle(strategy="Other")], tmp_path)
    with pytest.raises(SettingsError, match="one winner a symbol"):
        export_flat([bundle(symbol="GC"), bundle(symbol="GC", strategy="Other")], tmp_path)
    assert len(files(tmp_path)) == 4


# --- old, new and interrupted ------------------------------------------------------------------


def test_a_bundle_of_a_later_schema_is_refused_with_the_cure(tmp_path):
    path = save_bundle(bundle(), tmp_path)
    path.write_text(path.read_text().replace('"Schema_Version": 1', '"Schema_Version": 2'))

    with pytest.raises(SettingsError, match="schema 1 or older, received 2.*Update alphamill"):
        load_model_bundle("ES", tmp_path)


def test_a_bundle_of_the_seeds_is_refused_with_the_cure(tmp_path):
    (tmp_path / "ES_best.json").write_text('{"Symbol": "ES", "Prod_Threshold": 0.5}')

    with pytest.raises(SettingsError, match="Train the winner again, or take it over with .*adopt"):
        load_model_bundle("ES", tmp_path)


@pytest.mark.parametrize("text", ["[1]", '{"Seal": NaN}', '{"Schema_Version": 1, "Seal": "0"}'])
def test_other_json_is_refused(tmp_path, text):
    (tmp_path / "ES_best.json").write_text(text)

    with pytest.raises(DataError, match="damaged"):
        load_model_bundle("ES", tmp_path)


def test_a_forged_seal_does_not_get_past_the_parts(tmp_path):
    path = save_bundle(bundle(), tmp_path)
    content = json.loads(path.read_text())

    for name, value in (("Identity", {}), ("Model", None), ("Features", 3)):
        forged = content | {name: value}
        forged["Seal"] = bundle_files._seal(forged)
        path.write_bytes(bundle_files._rendered(forged))
        with pytest.raises(DataError, match="while it was read"):
            load_model_bundle("ES", tmp_path)


@pytest.mark.parametrize("kill_at", [0, 1])
def test_a_kill_while_a_bundle_is_replaced_leaves_the_old_one(tmp_path, monkeypatch, kill_at):
    save_bundle(bundle(), tmp_path)
    write, calls = bundle_files.write_atomic, []

    def killed(path, data):
        calls.append(path)
        if len(calls) > kill_at:
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(bundle_files, "write_atomic", killed)
    with pytest.raises(KeyboardInterrupt):
        save_bundle(bundle(model=LINE, threshold=0.7), tmp_path)

    assert load_model_bundle("ES", tmp_path).threshold == 0.55
    monkeypatch.setattr(bundle_files, "write_atomic", write)
    save_bundle(bundle(model=LINE, threshold=0.7), tmp_path)
    assert load_model_bundle("ES", tmp_path).threshold == 0.7
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.zeros(2), {1, 2}])
def test_metadata_that_are_no_json_are_refused(tmp_path, value):
    with pytest.raises(SettingsError, match="metadata must be plain JSON.*as None"):
        save_bundle(bundle(metadata=bundle().metadata | {"Extra": value}), tmp_path)
    assert not tmp_path.joinpath("ES_best.json").exists()


def test_metadata_leave_the_files_own_names_alone(tmp_path):
    with pytest.raises(SettingsError, match=r"received \['Seal'\]"):
        save_bundle(bundle(metadata=bundle().metadata | {"Seal": "x"}), tmp_path)


def test_the_identity_is_part_of_the_seal(tmp_path):
    path = save_bundle(bundle(), tmp_path)
    later = save_bundle(bundle(identity=identity(n_trials=1)), tmp_path / "other")

    assert json.loads(path.read_text())["Seal"] != json.loads(later.read_text())["Seal"]
