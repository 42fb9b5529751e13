"""Whatever a file holds, it is a source or a configuration error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_restgeneric.errors import ConfigError
from tap_restgeneric.readers import RawSource, read


def outcome(folder, name, content):
    (folder / name).write_bytes(content)
    try:
        return read({"source": name}, folders=[folder])
    except ConfigError as error:
        return error


PIECES = st.lists(
    st.sampled_from(
        [
            "rest_api_source(", "config: RESTAPIConfig = ", "{", "}", ")", "[", "]", '"a"', ": ", ", ", "\n", "```",
            "```python\n", "// x", "# y", "lambda r: r", "dlt.secrets", '["k"]', ".get(", "f'{", "}'", "**", "*",
            "x", " = ", "x for x in y", "-", "+", "1", "'", '"""', "\\", "def f(x):", "\n  ", "\x00", "\r", "\x0c", "é",
        ]
    )
).map("".join)  # fmt: skip


@pytest.mark.parametrize("suffix", [".txt", ".md", ".py"])
@given(text=st.text() | PIECES)
def test_any_text_is_a_source_or_a_configuration_error(tmp_path_factory, suffix, text):
    folder = tmp_path_factory.getbasetemp()
    assert isinstance(outcome(folder, f"any{suffix}", text.encode()), RawSource | ConfigError)


@given(inside=PIECES)
def test_any_text_inside_of_a_call_is_a_source_or_a_configuration_error(tmp_path_factory, inside):
    content = f'x = {{}}\nrest_api_source({{"a": {inside}}})'.encode()
    assert isinstance(outcome(tmp_path_factory.getbasetemp(), "call.txt", content), RawSource | ConfigError)


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".txt"])
@given(content=st.binary())
def test_any_bytes_are_a_source_or_a_configuration_error(tmp_path_factory, suffix, content):
    folder = tmp_path_factory.getbasetemp()
    assert isinstance(outcome(folder, f"bytes{suffix}", content), RawSource | ConfigError)
