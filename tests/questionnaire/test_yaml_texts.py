"""Reading a file of texts: what goes wrong is said with the line, in words, and what to do."""

from pathlib import Path

import pytest

from consult.questionnaire.questions import EditionError
from consult.questionnaire.yaml_texts import read_texts, read_yaml, text_at

QUOTE_IT = 'Put straight quotes around the whole text, "like this"'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ask: Who: you?", f" line 1: there is a text with a colon in it. {QUOTE_IT}"),
        ("a: b\n\thelp: c", " line 2: there is a tab. Use spaces instead"),
        (
            "a: b\nc: @home",
            " line 2: there is a tab, or a text that starts with a sign. Use spaces for a tab. "
            f"For a sign: {QUOTE_IT}",
        ),
        ('a: b\nc: "open', " line 2: there is a straight quote that is opened and not closed"),
        ("a:\n  b: c\n   d: e", f" line 3: there is a text with a colon in it. {QUOTE_IT}"),
        (
            "a:\n  - b\n c: d",
            " line 3: there is something that does not fit here. Look at how far the line is set "
            "in, and at the quotes here and in the lines above",
        ),
        ("a: b\nc: d\na: e", " line 1: a is there twice"),
        ("a:\n  b: c\n  b: d", " line 2: b is there twice"),
        ("a: \x07b", ": there is a sign that cannot be shown. Type the text in again by hand"),
        ("a: *b", " line 1: cannot be read: found undefined alias"),
        ("a: b\nc: d # e", f" line 2: all from the # on would be lost. {QUOTE_IT}"),
        ("a: b \t# c", f" line 1: all from the # on would be lost. {QUOTE_IT}"),
        ("- a\n- b", ": should be a list of ids with their texts"),
        ("", ": should be a list of ids with their texts"),
        (b"\xff\xfe\xfa", ": save the file as UTF-8"),
        (None, ": the file is missing"),
    ],
)
def test_a_slip_is_named_with_its_line(
    tmp_path: Path, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / "texts.yaml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(EditionError) as error:
        read_texts(path)
    assert str(error.value) == f"texts.yaml{message}"


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("# A comment.\n  # And one.\na: b", {"a": "b"}),
        ("a: b#c", {"a": "b#c"}),
        ('a: "b # c"', {"a": "b # c"}),
        ("a: >-\n  b\n  c", {"a": "b c"}),
        ("a: {b: c}\nd: [e]", {"a": {"b": "c"}, "d": ["e"]}),
        ("a: so’s – “that”", {"a": "so’s – “that”"}),
    ],
)
def test_texts_are_read_as_they_are_written(
    tmp_path: Path, content: str, texts: dict[str, object]
) -> None:
    path = tmp_path / "texts.yaml"
    path.write_text(content, encoding="utf-8")
    assert read_texts(path) == texts == read_yaml(path)


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_an_empty_text_is_missing(value: object) -> None:
    with pytest.raises(EditionError, match=r"^here: the text is missing$"):
        text_at("here", value)


@pytest.mark.parametrize("value", [False, 0, 7, 1.5, [], ["a"], {}, {"a": "b"}])
def test_what_is_no_text_is_shown_as_it_was_read(value: object) -> None:
    with pytest.raises(EditionError) as error:
        text_at("here", value)
    assert str(error.value) == (
        f"here: should be a text, and the file’s format reads it as {value!r}. {QUOTE_IT}"
    )


def test_space_around_a_text_is_taken_off() -> None:
    assert text_at("here", " a text \n") == "a text"
