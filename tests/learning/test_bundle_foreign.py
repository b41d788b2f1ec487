"""The seeds' pickles: never read without trust and the pinned hash."""

import hashlib
import json
import pickle

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning.bundle_files import MissingBundleError, load_model_bundle, save_bundle
from alphamill.learning.bundle_foreign import Trust, adopt, export_pickle

from .bundles import BEFORE_NS, FEATURES, RESULTS, bundle, identity, rows
from .test_bundle import DEFINED

X = rows()
CAPITAL = RESULTS | {"Symbol": "ES", "Prod_Threshold": 0.5, "Features": list(FEATURES)}
LOWER = {"symbol": "ES", "threshold": 0.5, "features": list(FEATURES), "params": {}}


def forest():
    ensemble = pytest.importorskip("sklearn.ensemble")
    classifier = ensemble.RandomForestClassifier(15, max_depth=3, random_state=3)
    return classifier.fit(X, (X[:, 0] < 0.4).astype(int))


def written(folder, content, payload) -> str:
    (folder / "ES_best.json").write_text(json.dumps(content))
    data = pickle.dumps(payload)
    (folder / "ES_rf_model.pkl").write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def no_loads(data: bytes) -> object:
    raise AssertionError("the pickle was read")


@pytest.mark.parametrize("content", [CAPITAL, LOWER], ids=["capital", "lower_case"])
def test_a_trusted_bundle_of_the_seeds_is_taken_over_and_saved_in_ours(tmp_path, content):
    classifier = forest()
    sha256 = written(tmp_path, content, {"model": classifier, "features": list(FEATURES)})

    taken = adopt("ES", tmp_path, identity(), X, Trust(sha256, pickle.loads))
    save_bundle(taken, tmp_path / "ours")
    found = load_model_bundle("ES", tmp_path / "ours")

    assert (found.threshold, found.features) == (0.5, FEATURES)
    assert found.replay_error < 1e-14
    assert found.metadata["Sharpe"] == content.get("Sharpe")
    row = dict(zip(FEATURES, X[0], strict=True))
    score = found.score(row, BEFORE_NS, DEFINED).score
    assert score == pytest.approx(classifier.predict_proba(X[:1])[0, 1], abs=1e-14)


def test_features_come_from_the_json_then_the_payload_then_the_model(tmp_path):
    pd = pytest.importorskip("pandas")
    classifier = forest().fit(pd.DataFrame(X, columns=["c", "d"]), (X[:, 0] < 0.4).astype(int))
    payload = {"model": classifier, "features": ["a", "b"]}
    bare = {name: value for name, value in CAPITAL.items() if name != "Features"}
    cases = ((CAPITAL, payload, FEATURES), (bare, payload, ("a", "b")))

    for content, held, expected in (*cases, (bare, {"model": classifier}, ("c", "d"))):
        trust = Trust(written(tmp_path, content, held), pickle.loads)
        assert adopt("ES", tmp_path, identity(), X, trust).features == expected


def test_without_trust_nothing_is_read_and_the_hash_is_told(tmp_path):
    sha256 = written(tmp_path, CAPITAL, {"model": None})

    with pytest.raises(SettingsError, match=rf"a pickle runs code when read.*{sha256}"):
        adopt("ES", tmp_path, identity(), X)


def test_a_pickle_of_another_hash_is_not_read(tmp_path):
    sha256 = written(tmp_path, CAPITAL, {"model": None})
    changed = "0" * 64

    with pytest.raises(DataError, match=rf"pinned hash {changed}, received {sha256}. It was not"):
        adopt("ES", tmp_path, identity(), X, Trust(changed, no_loads))


@pytest.mark.parametrize(
    ("content", "payload", "message"),
    [
        (CAPITAL, ["model"], "must hold a model and its features, received a list"),
        (CAPITAL | {"Symbol": "NQ"}, {"model": 1}, "must name ES and its features"),
        (CAPITAL, {"features": ["a"]}, "must name ES and its features"),
        ([1], {"model": 1}, "must be a JSON object"),
        (CAPITAL, {"model": "text"}, "classes 0 and 1, received a str"),
    ],
)
def test_what_is_no_bundle_of_the_symbol_is_refused(tmp_path, content, payload, message):
    trust = Trust(written(tmp_path, content, payload), pickle.loads)

    with pytest.raises(DataError, match=message):
        adopt("ES", tmp_path, identity(), X, trust)


def test_a_threshold_that_is_not_there_is_refused(tmp_path):
    bare = {name: value for name, value in CAPITAL.items() if name != "Prod_Threshold"}
    trust = Trust(written(tmp_path, bare, {"model": forest()}), pickle.loads)

    with pytest.raises(SettingsError, match="threshold must be a number between 0 and 1"):
        adopt("ES", tmp_path, identity(), X, trust)


def test_each_of_the_two_files_must_be_there(tmp_path):
    sha256 = written(tmp_path, CAPITAL, {"model": None})

    for name in ("ES_rf_model.pkl", "ES_best.json"):
        (tmp_path / name).unlink()
        with pytest.raises(MissingBundleError, match=name):
            adopt("ES", tmp_path, identity(), X, Trust(sha256, no_loads))


def test_a_pickle_is_written_on_request_with_the_hash_to_pin(tmp_path):
    made = bundle()
    sha256 = export_pickle(made, tmp_path, pickle.dumps)

    data = (tmp_path / "ES_rf_model.pkl").read_bytes()
    payload = pickle.loads(data)

    assert hashlib.sha256(data).hexdigest() == sha256
    assert payload["features"] == list(FEATURES)
    assert np.array_equal(payload["model"].predict_proba(X), made.model.predict_proba(X))


def test_saving_writes_no_pickle(tmp_path):
    save_bundle(bundle(), tmp_path)

    assert not list(tmp_path.glob("*.pkl"))
