from alphamill.core.params import Bool, Int
from alphamill.strategies.switches import without_unread

SPACE = {"a": Bool(True), "x": Int(1, 0, 9), "y": Int(2, 0, 9), "b": Bool(True), "z": Int(3, 0, 9)}
SWITCHES = {"a": ["x", "y"], "b": ["z"]}
GIVEN = {"a": True, "x": 7, "y": 8, "b": True, "z": 9}


def test_what_a_switch_leaves_unread_stands_at_its_default_and_the_rest_as_given():
    assert without_unread(GIVEN, SPACE, SWITCHES) == GIVEN
    assert without_unread(GIVEN | {"a": False}, SPACE, SWITCHES) == GIVEN | {
        "a": False,
        "x": 1,
        "y": 2,
    }
    assert without_unread(GIVEN | {"b": False}, SPACE, SWITCHES) == GIVEN | {"b": False, "z": 3}
