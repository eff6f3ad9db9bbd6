"""Telephone numbers: a link dials what was typed or nothing, and the hour is that of its area."""

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from consult.workflow import telephone
from consult.workflow.telephone import phone_link, time_at

PHONES = [
    ("tel:+15550100", ["+1 555 0100"]),
    (
        "tel:5551234",
        ["555-1234", "555-1234 or 555-9876", "555-1234/555-9876", "555-1234 / 555-9876"],
    ),
    (
        "tel:5551234567",
        [
            "(555) 123-4567",
            "555.123.4567",
            "555-123-4567, 555-987-6543",
            "555 123 4567;555 987 6543",
            "555-123-4567 or 555-987-6543 ext. 12",
            "555-123-4567 call after 5",
            "555-123-4567 (call after 5)",
            "555-123-4567, after 5 pm",
            "call after 5: 555-123-4567",
            "cell: 555-123-4567",
            "(c) 555-123-4567",
            "555-123-4567 (cell)",
            "555-123-4567 cell / 555-987-6543 home",
            "Anna 555-123-4567",
            "(555)123-4567",
            "5551234567",
            "555-123-4567 and 555-987-6543",
            "555-123-4567 & 555-987-6543",
            "555-123-4567 - ask for Jo",
            "555-123-4567.",
            "555-123-4567 x",
            "555-123-4567 extra quiet",
        ],
    ),
    ("tel:15551234567", ["1 (555) 123-4567"]),
    ("tel:18005550199", ["1-800-555-0199"]),
    ("tel:01712345678", ["0171 2345678 oder 030 123456", "0171/2345678"]),
    ("tel:0301234567", ["030/1234567"]),
    ("tel:02151123456", ["02151 / 123456"]),
    ("tel:030123456", ["030/123-456", "Tel. 030 123456"]),
    ("tel:+442079460958", ["+44 (0)20 7946 0958", "+44(0)20 7946 0958", "(+44) 20 7946 0958"]),
    ("tel:+49301234567", ["+49 (0) 30 1234567"]),
    ("tel:00442079460958", ["0044 (0)20 7946 0958"]),
    ("tel:02079460958", ["020 7946 0958", "(020) 7946 0958"]),
    ("tel:+33123456789", ["+33 1 23 45 67 89"]),
    (
        "tel:5551234567;ext=12",
        [
            "555-123-4567 ext. 12",
            "555-123-4567 ext 12",
            "555-123-4567 x12",
            "555-123-4567x12",
            "555-123-4567 (ext. 12)",
            "555-123-4567, ext. 12",
            "555-123-4567, extension 12",
            "555-123-4567 #12",
            "555-123-4567 ext. 12 or 555-987-6543",
        ],
    ),
    ("tel:03012345;ext=67", ["030 12345 Durchwahl 67"]),
    ("tel:18003569377", ["1-800-FLOWERS", "1-800-FLOWERS (call after 5)"]),
    ("tel:18004633339", ["1 800 GO FEDEX", "1-800-GO-FEDEX"]),
    ("tel:8003569377", ["(800) FLOWERS"]),
    ("tel:5557663464", ["555-ROOFING "]),
    ("tel:08007346377", ["0800 REIMERS"]),
    (
        "",
        [
            "call after 5",
            "call after 5 pm",
            "call after 5 555-123-4567",
            "after 17:30 555 123 4567",
            "555-123-4567 5 pm",
            "555-123-4567 9am",
            "555-123-4567 2nd floor",
            "n/a",
            "none",
            "-",
            "",
            "0",
            "911",
            "24/7",
            "x",
            "555 123 4567 555 987 6543",
            "anna@example.com",
            "*67 555-1234",
            "#31#5551234",
            "555-12O4",
            "+",
            "+++5551234",
            "+1234567890123456789",
            "555 1234 - 555 9876",
            "[555] 123-4567",
        ],
    ),
    ("tel:0501234567", ["\u0660\u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667"]),
    (
        "tel:+971501234567",
        ["+\u0669\u0667\u0661 \u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667"],
    ),
    ("tel:09123456789", ["\u06f0\u06f9\u06f1\u06f2 \u06f3\u06f4\u06f5 \u06f6\u06f7\u06f8\u06f9"]),
    ("tel:0987654321", ["\u0966\u096f\u096e\u096d\u096c\u096b\u096a\u0969\u0968\u0967"]),
    (
        "tel:+819012345678",
        ["\uff0b\uff18\uff11 \uff19\uff10 \uff11\uff12\uff13\uff14 \uff15\uff16\uff17\uff18"],
    ),
    (
        "tel:+15551234567",
        [
            "+1\u00a0555\u2011123\u20134567",
            "+1 555 123 4567 +1 555 987 6543",
            "\u202a+1 555 123 4567\u202c",
        ],
    ),
    ("tel:+4930123456", ["Tel.: +49 30 123456"]),
    ("tel:07700900123", ["Mobile 07700 900123, office 020 7946 0958"]),
    ("tel:+491712345678", ["WhatsApp +49 171 2345678"]),
    ("tel:+4311234567", ["+43 1 12345-67"]),
    ("tel:12345", ["12345"]),
    ("tel:+61298765432;ext=7", ["+61 2 9876 5432 ext.7"]),
]


def test_a_phone_link_dials_the_first_number_as_typed_or_is_none() -> None:
    links = {typed: link for link, many in PHONES for typed in many}
    assert {typed: phone_link(typed) for typed in links} == links


@given(st.text(st.sampled_from("0123456789+-()/., #*x:ext orABCapm٣\u202a"), max_size=40))
def test_a_phone_link_dials_nothing_that_was_not_typed(typed: str) -> None:
    link = phone_link(typed)
    found = re.fullmatch(r"(?:tel:\+?([0-9]{5,15})(?:;ext=[0-9]{1,6})?)?", link)
    assert found
    if link and not re.search("[A-Z]{3}", typed):
        digits = iter(str(unicodedata.decimal(one)) for one in typed if one.isdecimal())
        assert all(digit in digits for digit in found[1]), "in the order typed"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("tel:+14155550100", "415 07:30"),
        ("tel:4805550100;ext=7", "480 07:30"),  # Arizona keeps its hour
        ("tel:13125550100", "312 09:30"),
        ("tel:+12125550100", None),  # as at the agency
        ("tel:+16055550100", None),  # two zones
        ("tel:+442079460958", None),
        ("tel:5550100", None),
        ("", None),
    ],
)
def test_the_hour_where_a_number_is_from(phone: str, shown: str | None) -> None:
    now = datetime(2026, 7, 6, 14, 30, tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    found = time_at(phone, now)
    assert (f"{found[0]} {found[1]:%H:%M}" if found else None) == shown


def test_no_area_code_is_in_two_zones() -> None:
    file = Path(telephone.__file__).with_name("area_codes.yaml")
    codes = " ".join(yaml.safe_load(file.read_text()).values()).split()
    assert len(codes) == len(set(codes)) > 300
    assert all(re.fullmatch("[2-9][0-9]{2}", code) for code in codes)
