import re

import pytest

from alphamill.core.errors import SettingsError
from alphamill.settings.yaml_file import MAX_BYTES, read_yaml


def read(text: str, **environ: str) -> dict:
    return read_yaml(text.encode(), "p.yml", environ).values


def test_tickers_that_yaml_1_1_takes_for_booleans_stay_text():
    assert read("symbols: [ON, NO, Y, off]") == {"symbols": ["ON", "NO", "Y", "off"]}


def test_an_empty_file_is_an_empty_project():
    assert read("# nothing yet\n") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "p.yml line 3: a repeated key \"a\""),
        ("a:\n\tb: 1", "p.yml line 2: a tab must not indent; use spaces"),
        ("a: !!python/object:os.system x", "line 1: .*must not hold the tag"),
        ("a: &x [1]\nb: *x", "line 1: .*an anchor or alias"),
        ("%YAML 1.1\n---\na: ON", "a % directive"),
        ("a: 1\n---\nb: 2", "line 2: .*a second document"),
        ("[" * 5_000, "nesting above 20"),
        ("a: {b: 1", "line 1: it must be YAML: expected ',' or '}'"),
        ("ok: 1\n7: x", "line 2: a key must be text, received '7'. Quote it"),
        ("- a", "must be a mapping of blocks, received a list"),
        ("a: 2010-13-40", "month must be in 1..12"),
        ("a: \x01", "special characters are not allowed"),
    ],
)  # fmt: skip
def test_what_could_surprise_is_refused_with_its_line(text, said):
    with pytest.raises(SettingsError, match=said):
        read(text)


def test_a_billion_laughs_is_refused_at_its_first_anchor():
    bomb = "a: &a [x, x]\n" + "\n".join(f"b{i}: &b{i} [*a, *a]" for i in range(50))

    with pytest.raises(SettingsError, match="line 1: .*anchor"):
        read(bomb)


def test_a_file_above_one_megabyte_is_refused_unread():
    with pytest.raises(SettingsError, match="smaller than 1000000 bytes, received 1000001"):
        read_yaml(b"#" * (MAX_BYTES + 1), "p.yml", {})


def test_a_file_that_is_not_utf_8_is_refused_with_the_byte():
    with pytest.raises(SettingsError, match="byte 3 is 0xff"):
        read_yaml(b"a: \xff", "p.yml", {})


def test_variables_are_expanded_after_parsing_so_a_value_cannot_add_keys():
    got = read("a: ${X}\nb: ['pre-${X}-post']", X="1\nc: 2")

    assert got == {"a": "1\nc: 2", "b": ["pre-1\nc: 2-post"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${X:-7}", "7"),
        ("${X:-}", ""),
        ("$${X}", "${X}"),
        ("${SET:-7}", "here"),
        ("${EMPTY:-7}", "7"),
        ("${EMPTY}", ""),
        ("$X", "$X"),
    ],
)
def test_default_escape_and_plain_dollar(text, value):
    assert read(f"a: {text!r}", SET="here", EMPTY="")["a"] == value


def test_an_unset_variable_is_an_error_that_names_it():
    said = "line 2: the environment variable TOKEN is not set. Set it, or write ${TOKEN:-default}"

    with pytest.raises(SettingsError, match=re.escape(said)):
        read("a: 1\nb: ${TOKEN}")


@pytest.mark.parametrize("text", ["${", "${}", "${a-b}", "${1X}"])
def test_a_malformed_variable_is_refused(text):
    with pytest.raises(SettingsError, match="must be \\$\\{NAME\\}"):
        read(f"a: '{text}'")


def test_what_the_environment_put_in_is_not_in_the_repr():
    document = read_yaml(b"a: ${KEY}", "p.yml", {"KEY": "hunter2"})

    assert document.values == {"a": "hunter2"}
    assert "hunter2" not in repr(document)
