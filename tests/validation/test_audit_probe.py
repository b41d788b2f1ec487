"""The identity probe (K11): labels in disguise are refused, honest features are not."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.audit_probe import area_under_curve, identity_probe

N_ROWS, HORIZON = 600, 5


def sample(seed=7):
    """Return a generator, a label of five rows ahead, and the closes it is made from."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.standard_normal(N_ROWS))
    label = np.append(walk[HORIZON:] - walk[:-HORIZON], np.full(HORIZON, np.nan))
    return rng, label, walk


def shifted(x, rows):
    """Return the value of ``rows`` later at each row."""
    out = np.full(x.size, np.nan)
    if rows >= 0:
        out[: x.size - rows] = x[rows:]
    else:
        out[-rows:] = x[:rows]
    return out


def probe(feature, label, **given):
    found = identity_probe({"suspect": feature}, label, **({"horizon": HORIZON} | given))
    return found[0] if found else None


@pytest.mark.parametrize("is_side", [False, True])
def test_the_label_and_its_like_are_refused(is_side):
    rng, label, _ = sample()
    label = np.sign(label) if is_side else label
    noise = np.nanstd(label) * rng.standard_normal(N_ROWS)

    assert probe(label, label).shift == 0
    assert probe(-2.0 * label, label).correlation == pytest.approx(-1.0)
    assert probe(label + noise, label).auc > 0.85
    assert [probe(shifted(label, k), label).shift for k in (-4, -1, 1, 3)] == [-4, -1, 1, 3]


def test_a_gaussian_label_with_as_much_noise_is_caught_by_its_thirds():
    rng = np.random.default_rng(1)
    label = rng.standard_normal(20_000)

    found = probe(label + rng.standard_normal(20_000), label, horizon=1)

    # By its sign it would pass; by thirds, integrated over both normal densities, it has 0.9157.
    # The sign has 1/2 + (2 / pi) asin(rho / sqrt(2)) = 5/6 for rho = sqrt(1/2).
    by_sign = area_under_curve(label + np.random.default_rng(2).standard_normal(20_000), label > 0)
    assert by_sign == pytest.approx(5.0 / 6.0, abs=0.01)
    assert found.correlation == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert found.auc == pytest.approx(0.9157, abs=0.004)


def test_what_was_known_at_the_row_is_no_disguise():
    rng, label, walk = sample()
    past = walk - shifted(walk, -HORIZON)
    longer = walk - shifted(walk, -2 * HORIZON)

    # The past return is the label of five rows earlier, and most of that of four.
    assert np.array_equal(past[5:], label[:-5])
    honest = {"past": past, "longer": longer, "level": walk, "noise": rng.standard_normal(N_ROWS)}
    assert identity_probe(honest, label, HORIZON) == ()
    # Were the label known a row ahead only, its own value of four rows back would be honest too.
    assert probe(shifted(label, -4), label).shift == -4
    assert probe(shifted(label, -4), label, horizon=1) is None


def test_a_curved_image_of_the_label_is_refused_by_its_rank():
    _, label, _ = sample()

    found = probe(np.exp(4.0 * label), label)

    assert found.shift == 0
    assert abs(found.correlation) < 0.9
    assert found.auc == 1.0


def test_the_report_names_feature_shift_and_strength():
    _, label, _ = sample()

    assert str(probe(label, label)) == (
        "suspect is the label in disguise: correlation 1.000, AUC 1.000 with the label"
    )
    assert str(probe(shifted(label, 2), label)).endswith("with the label, 2 rows later")
    assert str(probe(shifted(label, -1), label)).endswith("with the label, 1 rows earlier")


def test_few_rows_or_a_constant_are_no_evidence():
    _, label, _ = sample()
    few = np.where(np.arange(N_ROWS) < 49, label, np.nan)

    assert probe(few, label) is None
    assert probe(np.ones(N_ROWS), label) is None


def test_chance_alone_refuses_nothing():
    rng = np.random.default_rng(3)
    label = np.sign(rng.standard_normal(120))
    features = {str(i): rng.standard_normal(120) for i in range(200)}

    assert identity_probe(features, label) == ()


def test_the_area_equals_that_of_scipy():
    rng = np.random.default_rng(4)
    score, is_high = rng.integers(0, 9, 300).astype(float), rng.random(300) < 0.3

    u = mannwhitneyu(score[is_high], score[~is_high]).statistic
    assert area_under_curve(score, is_high) == pytest.approx(u / (is_high.sum() * (~is_high).sum()))
    assert area_under_curve(score, np.zeros(300, dtype=np.bool_)) == 0.5


def test_wrong_arguments_are_refused():
    with pytest.raises(SettingsError, match="horizon must be 1 or more .* received 0 and 5"):
        identity_probe({}, [1.0], horizon=0)
    with pytest.raises(DataError, match=r"x must have one row a label \(2,\), received \(1,\)"):
        identity_probe({"x": [1.0]}, [1.0, 2.0])
