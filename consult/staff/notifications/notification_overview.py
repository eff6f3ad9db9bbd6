"""Who is told what, for admins: an overview, since each person chooses for themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from consult.staff.blueprint import blueprint, for_admins
from consult.storage.accounts import accounts
from consult.storage.notifications import notifications as notifications_module
from consult.web.services import services
from consult.workflow.notification_types import NEWS, Reach

_WORDS: Mapping[Reach, str] = {"every": "Every lead", "mine": "Their own", "none": "No mail"}
_TO_THEM: Mapping[Reach, str] = {**_WORDS, "mine": "Yes"}


@dataclass(frozen=True, slots=True)
class Listener:
    """A person, and what they chose of each kind of news: its name and how far it reaches."""

    id: int
    name: str
    told: Sequence[tuple[str, str]]


@blueprint.get("/settings/notifications")
@for_admins
def notifications() -> ResponseReturnValue:
    """Show what everybody is told, and what nobody is."""
    made = services()
    with made.database.reading() as session:
        people = [user for user in accounts.all_users(session) if user.active]
        chosen = {user.id: notifications_module.choices(session, user.id) for user in people}
    return render_template(
        "staff/notifications/notifications.html",
        kinds=[news.name for news in NEWS.values()],
        people=[
            Listener(
                user.id,
                user.name,
                [
                    (
                        news.name,
                        (_WORDS if "every" in news.reaches else _TO_THEM)[chosen[user.id][kind]],
                    )
                    for kind, news in NEWS.items()
                ],
            )
            for user in people
        ],
        unheard=[
            news.name
            for kind, news in NEWS.items()
            if news.default != "none" and all(of[kind] == "none" for of in chosen.values())
        ],
        server=made.settings.smtp_url is not None,
    )
