"""Who may show the check in a frame: what is accepted, what it becomes, and what a page needs."""

import re
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from consult.settings.embed_origins import MAX_LENGTH, Permission, permission_of, read_sites
from consult.settings.setting_sources import (
    GivenSettings,
    load_settings,
    override_errors,
    with_overrides,
)
from consult.settings.setting_types import SettingsError
from consult.web.headers import Profile, security_headers

WELL_FORMED = re.compile(
    r"(https://(\*\.[a-z0-9-]+\.)?|http://(?=localhost|127\.0\.0\.1))[a-z0-9.-]+(:\d{1,5})?"
)


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("", ()),
        (" https://www.example.com/\n", ("https://www.example.com",)),
        (
            "https://a.example:8443,https://a.example:443",
            ("https://a.example:8443", "https://a.example"),
        ),
        (
            "HTTPS://Bücher.example https://日本.jp",
            ("https://xn--bcher-kva.example", "https://xn--wgv71a.jp"),
        ),
        ("https://*.Example.com", ("https://*.example.com",)),
        ("https://*.müller.example:8443", ("https://*.xn--mller-kva.example:8443",)),
        ("http://localhost:8080 http://127.0.0.1", ("http://localhost:8080", "http://127.0.0.1")),
        ("https://intranet", ("https://intranet",)),
        ("https://a.example\nhttps://A.example/", ("https://a.example",)),
    ],
)
def test_sites_are_written_as_policies_need_them(text: str, sites: tuple[str, ...]) -> None:
    assert read_sites(text) == sites
    assert read_sites(" ".join(sites)) == sites


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("www.example.com", "“www.example.com” needs https:// in front"),
        ("localhost:8080", "“localhost:8080” needs https:// in front"),
        ("'none'", "“'none'” needs https:// in front"),
        ("*", "“*” is every site there is"),
        ("https://*", "“https://*” is every site there is"),
        ("https://*.com", "“https://*.com” is too many sites"),
        ("http://www.example.com", "“http://www.example.com” must begin with https://"),
        ("http://*.example.com", "must begin with https://"),
        ("ftp://example.com", "must begin with https://"),
        ("https://www.example.com/blog", "must stop after the host name: https://www.example.com"),
        ("https://me@example.com", "must stop after the host name: https://example.com"),
        ("https://a.example?x", "must stop after the host name: https://a.example"),
        *(
            (f"https://{host}", "isn’t the address of a site")
            for host in (
                *("a.com;script-src", "a'b", "www.*.com", "*.*.example.com", "a*.example.com"),
                *(
                    "-a.b",
                    "a..b",
                    "a.example:port",
                    "[::1",
                    "[::1]:8000",
                    "",
                    "a_b.example",
                    "a\x00",
                ),
                "x" * 64 + ".example",
                "\N{LATIN SMALL LETTER U WITH DIAERESIS}." * 20_000 + "example",
            )
        ),
    ],
)
def test_anything_else_is_refused_and_named(entry: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(None, embed_origins=f"https://good.example {entry}")
    line = str(refused.value)
    assert line.startswith("CONSULT_EMBED_ORIGINS: ")
    assert problem in line
    assert line.isprintable()
    # The staff area says the same about it.
    (said,) = override_errors(GivenSettings(), {"embed_origins": entry}).values()
    assert said in line


def test_the_list_fits_into_a_header() -> None:
    many = [f"https://{'a' * 50}{number}.example" for number in range(40)]
    with pytest.raises(ValueError, match="is too long, with more than 2,000 characters"):
        read_sites("\n".join(many))
    assert len(" ".join(read_sites("\n".join(many[:28])))) <= MAX_LENGTH


PIECES = st.sampled_from(
    [
        *("https://", "http://", "*", "*.", "www.", "example", ".com", ":8443", ":", "/", "?", "#"),
        *(
            ";",
            ",",
            "'",
            "'self'",
            '"',
            " ",
            "\n",
            "\r\n",
            "\t",
            "\x00",
            "\u2028",
            "@",
            "[::1]",
            "%",
        ),
        *(
            "日本.jp",
            "ü",
            "ß",
            "\uff0a",
            "\u3002",
            "\uff1b",
            "script-src",
            "localhost",
            "127.0.0.1",
            "_",
            "-",
            "\ud800",
        ),
    ]
)
VALUES = st.one_of(
    st.text(), st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES).map("".join),
    st.lists(st.text()), st.none(), st.integers(), st.dictionaries(st.text(), st.integers()),
)  # fmt: skip


@given(VALUES)
def test_whatever_is_in_the_setting_the_policy_stays_one_well_formed_policy(value: object) -> None:
    """It is refused or a list of sites, from the environment and from the staff area alike."""
    stored = with_overrides(GivenSettings(), {"embed_origins": value}).embed_origins
    try:
        set_here = GivenSettings(embed_origins=cast(Any, value)).embed_origins
    except ValidationError:
        set_here = ()
    assert set_here == stored
    headers = security_headers(Profile.PUBLIC, secure=True, embed_origins=stored)
    *others, last = headers["Content-Security-Policy"].split("; ")
    none = security_headers(Profile.PUBLIC, secure=True)["Content-Security-Policy"]
    assert [*others, "frame-ancestors 'self'"] == none.split("; ")
    name, own, *sites = last.split(" ")
    assert (name, own, tuple(sites)) == ("frame-ancestors", "'self'", stored)
    assert all(WELL_FORMED.fullmatch(site) for site in sites)
    assert len(last) <= MAX_LENGTH + 30


LISTED = ("https://www.example.com", "https://*.shop.example", "https://a.example:8443")


@pytest.mark.parametrize(
    ("page", "permission"),
    [
        ("https://www.example.com/check?a=b#c", ("", "https://www.example.com", LISTED[0])),
        (" WWW.Example.com/check ", ("", "https://www.example.com", LISTED[0])),
        ("https://me:pw@www.example.com", ("", "https://www.example.com", LISTED[0])),
        ("https://eu.shop.example/", ("", "https://eu.shop.example", LISTED[1])),
        ("https://a.b.shop.example/", ("", "https://a.b.shop.example", LISTED[1])),
        ("https://example.com", ("not listed", "https://example.com", "", LISTED[0])),
        (
            "https://www.example.com:444",
            ("not listed", "https://www.example.com:444", "", LISTED[0]),
        ),
        ("https://shop.example", ("not listed", "https://shop.example", "", LISTED[1])),
        ("https://a.example", ("not listed", "https://a.example", "", LISTED[2])),
        ("https://other.example", ("not listed", "https://other.example", "", "")),
        ("https://日本.jp/x", ("not listed", "https://xn--wgv71a.jp", "", "")),
        ("http://www.example.com/", ("not https",)),
        ("http://localhost:8080/", ("not listed", "http://localhost:8080", "", "")),
        *(
            (text, ("no site",))
            for text in ("", "our page", "https://*.shop.example", "data:x", "[")
        ),
    ],
)
def test_a_page_is_told_whether_it_may_show_the_check(
    page: str, permission: tuple[str, ...]
) -> None:
    assert permission_of(page, LISTED) == Permission(*permission)  # type: ignore[arg-type]
