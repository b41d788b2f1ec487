"""The model that goes on: the chosen setting, fitted once on all training rows."""

from dataclasses import dataclass

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.learning.bundle_models import Model
from alphamill.learning.fits import Fits
from alphamill.learning.space import Setting


@dataclass(frozen=True, eq=False)
class Frozen:
    """A model with the columns that it reads.

    Attributes
    ----------
    model : Model
    columns : int64 of shape (n_features,)
        Of the rows' features, in the model's order.
    x : float64 of shape (n_rows, n_features)
        The rows that it was fitted on.
    scores : float64 of shape (n_rows,)
        What it says of them; for replay only, for it has seen them.
    """

    model: Model
    columns: Ints
    x: Floats
    scores: Floats


def frozen(fits: Fits, setting: Setting) -> Frozen:
    """Return the setting fitted on all rows, its features chosen on all rows as well."""
    columns, model = fits.whole(setting)
    x = np.ascontiguousarray(fits.rows.x[:, columns])
    return Frozen(model, columns, x, model.predict_proba(x)[:, 1])
