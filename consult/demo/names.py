"""Made-up owners with their contacts, and colleagues at the agency: nobody, and marked as such."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from argon2 import PasswordHasher
from sqlalchemy import select

from consult.storage.db.database import Session
from consult.storage.leads.submission import NewContact
from consult.storage.tables.account_tables import StaffUserRow

PATHS = ("conversation", "counter", "checkout")
_TRADES: Mapping[str, tuple[str, ...]] = {
    "conversation": (
        *("Plumbing", "Roofing", "Bookkeeping", "Landscaping", "Web Design", "Catering"),
        *("Electric", "Remodeling", "Photography", "Law Office", "Tree Care", "Painting"),
    ),
    "counter": ("Bakery", "Bike Shop", "Garden Center", "Books", "Furniture", "Barbers"),
    "checkout": ("Candles", "Coffee Roasters", "Tea Company", "Leather Goods", "Seed Store"),
}
_PLACES = (
    *("Harbor Lane", "Maple Street", "Two Rivers", "North Hill", "Old Mill", "Juniper"),
    *("Riverside", "Copper Creek", "Blue Door", "Cedar Park", "Lakeside", "Meadow"),
)
_FIRST = (
    *("Ana", "Ben", "Carla", "Dev", "Elin", "Farid", "Grace", "Hugo", "Ines", "Jonas"),
    *("Kasia", "Luis", "Mai", "Noor", "Omar", "Priya", "Rosa", "Sam", "Tomasz", "Vera"),
)
_LAST = (
    *("Alvarez", "Brandt", "Castellano", "Dąbrowski", "Eriksen", "Foster", "Greene", "Huang"),
    *("Ibrahim", "Jensen", "Kowalska", "Lindqvist", "Moreau", "Nguyễn", "Okafor", "Patel"),
)
_COLLEAGUES = (
    ("Robin Vale (demo)", "robin.vale@demo.example"),
    ("Noa Stein (demo)", "noa.stein@demo.example"),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works with the leads: accounts in use, and made-up colleagues, whose accounts are closed.

    Leads are held by the former only. Where there are none, the latter do the work.
    """

    active: Sequence[int]
    made_up: Sequence[int]

    @property
    def working(self) -> Sequence[int]:
        """Return who does something with leads."""
        return self.active or self.made_up

    def others(self, than: int) -> Sequence[int]:
        """Return whom somebody could hand a lead to."""
        return [id for id in (*self.active, *self.made_up) if id != than]


def staff_of(session: Session) -> Staff:
    """Return the staff; the made-up ones are added the first time, and can never sign in."""
    emails = [email for _, email in _COLLEAGUES]
    found = session.execute(
        select(StaffUserRow.email, StaffUserRow.id).where(StaffUserRow.email.in_(emails))
    )
    known = dict(found.all())
    for name, email in _COLLEAGUES:
        if email not in known:
            row = StaffUserRow(
                email=email,
                name=name,
                role="staff",
                # Of a password that nobody knows, though a closed account takes none anyway.
                password_hash=PasswordHasher().hash(secrets.token_urlsafe()),
                active=False,
                created_at=session.now(),
            )
            session.add(row)
            session.flush()
            known[email] = row.id
    active = select(StaffUserRow.id).where(StaffUserRow.active).order_by(StaffUserRow.id)
    return Staff(session.scalars(active).all(), [known[email] for email in emails])


def contact_of(path: str, random: Random) -> NewContact:
    """Return what an owner in a line of business leaves of themselves."""
    first, last = random.choice(_FIRST), random.choice(_LAST)
    return NewContact(
        name=f"{first} {last} (demo)",
        email=f"{first.lower()}.{random.randrange(1000)}@demo.example",
        business=f"{random.choice(_PLACES)} {random.choice(_TRADES[path])}",
        phone=f"555-01{random.randrange(100):02}" if random.random() < 0.6 else None,
        wants_consult=random.random() < 0.5,
        consent_text="Made-up lead: nobody was asked.",
    )
