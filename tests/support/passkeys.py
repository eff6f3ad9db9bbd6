"""A device with passkeys, in software: answers what a page asks, as well or as badly as wanted."""

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

from consult.storage.db.database import Session
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import PasskeyRow
from tests.support.client import PageClient
from tests.support.page import Form, Page
from tests.support.second_factors import FACTORS

SITE = "localhost"
ORIGIN = "http://localhost"
NEW = f"{FACTORS}/passkeys/new"

_PRESENT, _VERIFIED, _NEW_KEY = 0x01, 0x04, 0x40


@dataclass
class Device:
    """A device with one passkey. Change a field to make it lie."""

    site: str = SITE
    origin: str = ORIGIN
    verified: bool = True
    count: int = 0
    step: int = 1
    handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: os.urandom(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: dict[str, Any]) -> str:
        """What the browser sends when a passkey was made."""
        self.handle = _bytes(options["user"]["id"])
        length = struct.pack(">H", len(self.credential_id))
        new = bytes(16) + length + self.credential_id + self._public_key()
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(_NEW_KEY) + new}
        said = self._said("webauthn.create", options["challenge"])
        return self._answer(clientDataJSON=said, attestationObject=encode_cbor(attestation))

    def use(self, options: dict[str, Any], **changes: bytes) -> str:
        """What the browser sends when the passkey was used; `changes` replace parts of it."""
        self.count += self.step
        said = self._said("webauthn.get", options["challenge"])
        data = self._data(0)
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {
            "clientDataJSON": said,
            "authenticatorData": data,
            "signature": signed,
            "userHandle": self.handle,
        }
        return self._answer(**{**parts, **changes})

    def _data(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        site = hashlib.sha256(self.site.encode()).digest()
        return site + struct.pack(">BI", flags, self.count)

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, **parts: bytes) -> str:
        name = _text(self.credential_id)
        response = {part: _text(content) for part, content in parts.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def asked(page: Page) -> tuple[Form, dict[str, Any]]:
    """The form of a page that takes a passkey, and what it asks for."""
    (form,) = [form for form in page.forms if "data-passkey" in form.element.attrib]
    return form, json.loads(form.element.attrib["data-options"])


def add_passkey(client: PageClient, device: Device | None = None, name: str = "Laptop") -> Device:
    device = device or Device()
    form, options = asked(client.get(NEW))
    form.fill(name=name, credential=device.make(options))
    client.send("POST", form.action, form.data, status=None)
    return device


def add_passkey_row(session: Session, user_id: int) -> int:
    """Give someone a passkey that no device has; its id."""
    passkey = PasskeyRow(
        user_id=user_id,
        credential_id=os.urandom(16),
        public_key=b"key",
        user_handle=b"handle",
        sign_count=0,
        name="Phone",
    )
    factors.add_passkey(session, passkey)
    return passkey.id


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
