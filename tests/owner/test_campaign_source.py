"""What is kept of where a visitor came from."""

import pytest

from consult.owner.visitors import campaign_tags, with_referrer


def test_campaign_tags_are_kept_and_nothing_else() -> None:
    fields = {"utm_source": "news", "utm_campaign": " fall ", "ref": "a", "depth": "full", "x": "1"}
    assert campaign_tags(fields) == {"utm_source": "news", "utm_campaign": "fall", "ref": "a"}


def test_tags_are_cut_to_size_and_cleaned() -> None:
    many = {f"utm_{letter}": "v" for letter in "abcdefghijklm"}
    assert len(campaign_tags(many)) == 8
    assert campaign_tags({"ref": "x" * 500}) == {"ref": "x" * 100}
    assert campaign_tags({"ref": "a\x00b\nc\ud800"}) == {"ref": "ab c"}
    assert campaign_tags({"ref": " \t", "utm_source<": "x"}) == {}


def test_tags_are_read_as_mail_programs_and_websites_write_them() -> None:
    written = {"UTM_Campaign": "fall", "Ref": "a", "amp;utm_term": "b", "amp;amp;utm_id": "c"}
    read = {"utm_campaign": "fall", "ref": "a", "utm_term": "b", "utm_id": "c"}
    assert campaign_tags(written) == read
    assert campaign_tags({"utm_source": "first", "UTM_SOURCE": "second"}) == {"utm_source": "first"}


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (
            "https://www.example.com/blog/not-the-same/?mail=a@b.example#top",
            "www.example.com/blog/not-the-same",
        ),
        ("https://www.example.com/", "www.example.com"),
        ("https://user:secret@example.com:8443/a", "example.com/a"),
        ("https://example.com/" + "x" * 500, "example.com/" + "x" * 88),
        ("https://check.example.com/?ref=a", None),
        ("about:blank", None),
        ("https://[broken", None),
        (None, None),
    ],
)
def test_of_the_page_that_led_here_host_and_path_are_kept(
    address: str | None, kept: str | None
) -> None:
    tags = {"ref": "a"}
    found = with_referrer(tags, address, "https://check.example.com")
    assert found == (tags if kept is None else {**tags, "referrer": kept})
