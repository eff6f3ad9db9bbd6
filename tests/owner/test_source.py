"""What is kept of where a visitor came from."""

from consult.owner.source import source_of


def test_campaign_tags_are_kept_and_nothing_else() -> None:
    fields = {"utm_source": "news", "utm_campaign": " fall ", "ref": "a", "depth": "full", "x": "1"}
    assert source_of(fields) == {"utm_source": "news", "utm_campaign": "fall", "ref": "a"}


def test_tags_are_cut_to_size_and_cleaned() -> None:
    many = {f"utm_{letter}": "v" for letter in "abcdefghijklm"}
    assert len(source_of(many)) == 8
    assert source_of({"ref": "x" * 500}) == {"ref": "x" * 100}
    assert source_of({"ref": "a\x00b\nc\ud800"}) == {"ref": "ab c"}
    assert source_of({"ref": " \t", "UTM_source": "x", "utm_source<": "x"}) == {}
