"""One content, one name; other content, another name; the same on every machine."""

import importlib.util
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphamill.core.identity import canonical_json, code_digest, digest, source_digest

# Few values, so that equal pairs and near misses ("1" and 1, [1], [2] and [1, 2]) are drawn often.
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, -1, 0.0, -0.0, 1.0, math.nan, math.inf, "", "0", "1", b"", b"1"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab1"), inner, max_size=3)
    ),
    max_leaves=6,
)


def typed(value):
    """Return what counts of a value, spelt out: the slow twin of what is hashed."""
    if isinstance(value, dict):
        return "mapping", tuple(sorted((k, typed(v)) for k, v in value.items()))
    if isinstance(value, list):
        return "sequence", tuple(map(typed, value))
    return type(value).__name__, repr(value)


@settings(max_examples=500, deadline=None)
@given(VALUES, VALUES)
def test_digests_are_equal_exactly_where_contents_are(one, other):
    assert (digest(one) == digest(other)) == (typed(one) == typed(other))


@settings(max_examples=100, deadline=None)
@given(st.lists(VALUES, max_size=3), st.lists(VALUES, max_size=3))
def test_parts_do_not_run_into_each_other(one, other):
    assert (digest(*one) == digest(*other)) == (typed(one) == typed(other))
    assert digest(one) != digest(*one)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), VALUES, min_size=2), st.randoms())
def test_the_order_of_keys_does_not_matter(mapping, rng):
    items = list(mapping.items())
    rng.shuffle(items)

    assert digest(dict(items)) == digest(mapping)


def test_strings_do_not_run_into_each_other():
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert digest(["a", "b"]) != digest({"a": "b"})


def test_the_order_of_a_sequence_matters_and_its_kind_does_not():
    assert digest([1, 2]) != digest([2, 1])
    assert digest((1, 2)) == digest([1, 2])


@pytest.mark.parametrize(
    ("numpy_s", "pythons"),
    [(np.int64(3), 3), (np.int8(3), 3), (np.float64(0.1), 0.1), (np.bool_(True), True)],
)
def test_a_numpy_scalar_is_the_number_it_holds(numpy_s, pythons):
    assert digest(numpy_s) == digest(pythons)


def test_names_are_the_same_on_every_machine_and_for_ever():
    # Stored runs, ledgers and artefacts hold such names: a change here orphans them all.
    content = {"b": [1, 2.5, "x", None, True], "a": b"\x00"}
    array = np.array([[1, 2], [3, 4]], dtype="<i8")

    assert (
        digest(content, array) == "ff40eb8c77e0cfce414fbbaa05732cec06315b68cf3c743d67e8259e176f5bd1"
    )


# --- arrays ------------------------------------------------------------------------------------

BASE = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    "other",
    [
        BASE.astype(np.float32),
        BASE.astype(np.int64),
        BASE.view(np.int64),
        BASE.reshape(3, 2),
        BASE.ravel(),
        BASE[:1],
        BASE + [[0, 0, 0], [0, 0, 1e-12]],
        BASE.T,
        BASE.tolist(),
    ],
    ids=["float32", "int64", "bits", "reshaped", "flat", "row", "a_hair", "turned", "list"],
)
def test_arrays_count_by_dtype_shape_and_content(other):
    assert digest(other) != digest(BASE)


@pytest.mark.parametrize(
    "same",
    [BASE.copy(), np.asfortranarray(BASE), np.repeat(BASE, 2, axis=1)[:, ::2], BASE.copy().T.T],
    ids=["copy", "fortran", "strided", "turned_twice"],
)
def test_how_an_array_lies_in_memory_does_not_count(same):
    assert digest(same) == digest(BASE)


def test_a_read_only_array_is_the_array():
    frozen = BASE.copy()
    frozen.flags.writeable = False

    assert digest(frozen) == digest(BASE)


def test_an_empty_array_has_a_shape_and_a_type_too():
    empties = [np.zeros(0), np.zeros((0, 3)), np.zeros(0, dtype=np.int64)]

    assert len({digest(e) for e in empties}) == 3


def test_records_count_by_the_names_and_types_of_their_fields():
    one, other = np.zeros(2, dtype=[("fees", "<f8")]), np.zeros(2, dtype=[("entries", "<i8")])

    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    "value",
    [{1, 2}, object(), np.array([None]), 1j],
    ids=["set", "object", "objects in an array", "complex"],
)
def test_what_has_no_stable_content_is_refused(value):
    with pytest.raises(TypeError, match="no stable content for a"):
        digest([value])


# --- JSON and code -----------------------------------------------------------------------------


def test_one_value_has_one_text():
    assert canonical_json({"b": [1, 2.0], "a": None}) == '{"a":null,"b":[1,2.0]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": math.nan})


RULE = "def rule(x):\n    return x + 1\n"


def loaded(folder, source):
    """Return the function ``rule`` of a module with this source."""
    path = folder / "rule_of_a_test.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.rule


@pytest.mark.parametrize(
    "edited",
    [
        RULE.replace("1", "2"),
        RULE.replace("+", "-"),
        RULE.replace("return", "# why\n    return"),
        "import functools\n@functools.cache\n" + RULE,
    ],
    ids=["number", "sign", "comment", "decorator"],
)
def test_edited_code_has_another_name(tmp_path, edited):
    before = code_digest(loaded(tmp_path, RULE))

    assert code_digest(loaded(tmp_path, edited + "# now longer\n")) != before


@pytest.mark.parametrize("text", ["OTHER = 1\n\n" + RULE, RULE + "# now longer\n"])
def test_code_elsewhere_in_the_file_does_not_count(tmp_path, text):
    before = code_digest(loaded(tmp_path, RULE))

    assert code_digest(loaded(tmp_path, text)) == before


def test_several_functions_have_one_name_in_their_order(tmp_path):
    rule = loaded(tmp_path, RULE)

    assert len({code_digest(rule, loaded), code_digest(loaded, rule), code_digest(rule)}) == 3


def sources(root, **texts):
    for name, text in texts.items():
        path = root / name.replace("__", "/")
        path = path.with_suffix(".txt" if name.startswith("notes") else ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    "edited",
    [
        {"kernel": "x = 2", "deep__exits": "y = 1"},
        {"kernel": "x = 1", "deep__exits": "y = 2"},
        {"kernel": "x = 1", "deep__exit": "y = 1"},
        {"kernel": "x = 1", "exits": "y = 1"},
        {"kernel": "x = 1", "deep__exits": "y = 1", "costs": ""},
        {"kernel": "y = 1", "deep__exits": "x = 1"},
    ],
    ids=["edited", "edited_below", "renamed", "moved", "added", "swapped"],
)
def test_any_change_of_a_rooms_sources_is_another_name(tmp_path, edited):
    room = sources(tmp_path / "a" / "room", kernel="x = 1", deep__exits="y = 1")
    other = sources(tmp_path / "b" / "room", **edited)

    assert source_digest(other) != source_digest(room)


def test_sources_have_the_same_name_wherever_they_lie(tmp_path):
    room = sources(tmp_path / "a" / "room", kernel="x = 1", notes="n")
    copy = sources(tmp_path / "elsewhere" / "b" / "room", kernel="x = 1", notes="other")
    second = sources(tmp_path / "second", kernel="x = 1")

    assert source_digest(copy) == source_digest(room)
    assert source_digest(room, second) == source_digest(second, room) != source_digest(room)
