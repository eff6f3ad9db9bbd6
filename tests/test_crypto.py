"""Encryption and signatures: what they protect against, and that purposes never mix."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult import crypto
from consult.crypto import Purpose

KEY, OTHER_KEY = "k" * 32, "o" * 32
PURPOSE, OTHER_PURPOSE = Purpose.AUTHENTICATOR, Purpose.REMINDER


@given(
    text=st.text(st.characters(exclude_categories=["Cs"])), context=st.integers() | st.text("ab")
)
def test_what_is_encrypted_can_be_decrypted(text: str, context: object) -> None:
    encrypted = crypto.encrypt(KEY, PURPOSE, text, context)
    assert crypto.decrypt(KEY, PURPOSE, encrypted, context) == text


def test_nothing_is_decrypted_with_another_key_purpose_or_context() -> None:
    encrypted = crypto.encrypt(KEY, PURPOSE, "secret", 1)
    assert b"secret" not in encrypted
    assert encrypted != crypto.encrypt(KEY, PURPOSE, "secret", 1)
    assert crypto.decrypt(OTHER_KEY, PURPOSE, encrypted, 1) is None
    assert crypto.decrypt(KEY, OTHER_PURPOSE, encrypted, 1) is None
    assert crypto.decrypt(KEY, PURPOSE, encrypted, 2) is None


@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    encrypted = bytearray(crypto.encrypt(KEY, PURPOSE, "secret", 1))
    place = data.draw(st.integers(0, len(encrypted) - 1))
    encrypted[place] ^= data.draw(st.integers(1, 255))
    assert crypto.decrypt(KEY, PURPOSE, bytes(encrypted), 1) is None


@given(st.binary(max_size=40))
def test_arbitrary_bytes_decrypt_to_nothing(anything: bytes) -> None:
    assert crypto.decrypt(KEY, PURPOSE, anything, 1) is None


def test_a_signature_is_valid_for_its_key_and_purpose_only() -> None:
    signed = crypto.sign(KEY, PURPOSE, [1, "text"])
    assert crypto.verify(KEY, PURPOSE, signed) == [1, "text"]
    assert crypto.verify(OTHER_KEY, PURPOSE, signed) is None
    assert crypto.verify(KEY, OTHER_PURPOSE, signed) is None


@given(st.text())
def test_arbitrary_text_is_not_signed(anything: str) -> None:
    assert crypto.verify(KEY, PURPOSE, anything) is None


# The clock of the machine that checks may be slower than that of the machine that signed.
@pytest.mark.parametrize(("seconds", "is_valid"), [(59, True), (61, False), (-90, True)])
def test_a_signature_expires(seconds: int, is_valid: bool) -> None:
    signed = crypto.sign(KEY, PURPOSE, "value")
    later = datetime.now(UTC) + timedelta(seconds=seconds)
    with patch("itsdangerous.timed.time.time", return_value=later.timestamp()):
        found = crypto.verify(KEY, PURPOSE, signed, max_age=timedelta(minutes=1))
    assert found == ("value" if is_valid else None)


def test_a_hash_depends_on_the_key_and_the_purpose() -> None:
    hashes = {
        crypto.keyed_hash(key, purpose, "203.0.113.7")
        for key in (KEY, OTHER_KEY)
        for purpose in Purpose
    }
    assert len(hashes) == 2 * len(Purpose)
    assert crypto.keyed_hash(KEY, PURPOSE, "\ud800") != crypto.keyed_hash(KEY, PURPOSE, "")


def test_a_result_link_does_not_reveal_the_link_to_the_answers() -> None:
    token = crypto.new_token()
    assert len(token) == 43
    assert crypto.result_token(token) == crypto.result_token(token)
    assert crypto.result_token(token) not in (token, crypto.result_token(crypto.new_token()))
    assert len(crypto.token_hash("\ud800")) == 64
