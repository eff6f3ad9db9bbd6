"""What each person is told: chosen on My account, or stopped by the link in a mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.delivery.notifications import unsubscribe
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.storage.db.database import Session
from consult.storage.notifications import notifications
from consult.web.services import services
from consult.workflow.notification_types import NEWS, Kind, Reach

_REACH_WORDS: Mapping[Reach, str] = {
    "every": "Every lead",
    "mine": "Mine, and those nobody holds",
    "none": "No mail",
}
_TO_ME_WORDS: Mapping[Reach, str] = {**_REACH_WORDS, "mine": "Yes"}

# Outside /staff: who follows the link in a mail need not sign in. See RFC 8058.
open_pages = Blueprint("mail_choices", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of news as the account page offers it; `options` are value, words, and if chosen."""

    field: str
    name: str
    when: str
    options: Sequence[tuple[Reach, str, bool]]


def choices_of(session: Session, user_id: int) -> Sequence[Choice]:
    """What a person is told, and what they could be."""
    chosen = notifications.choices(session, user_id)
    return [
        Choice(
            field=_field(kind),
            name=news.name,
            when=f"{news.when} {news.also}".strip(),
            options=[
                (reach, words[reach], reach == chosen[kind])
                for words in [_REACH_WORDS if "every" in news.reaches else _TO_ME_WORDS]
                for reach in news.reaches
            ],
        )
        for kind, news in NEWS.items()
    ]


@blueprint.post("/account/told")
@for_staff
def choose_news() -> ResponseReturnValue:
    """Keep what this person wants to be told; what the form does not say stays as it is."""
    wanted: dict[Kind, Reach] = {}
    for kind, news in NEWS.items():
        for reach in news.reaches:
            if request.form.get(_field(kind)) == reach:
                wanted[kind] = reach
    with services().database.writing() as session:
        notifications.choose(session, signed_in_user().id, wanted)
    return redirect(url_for(".account", done="told", _anchor="told"), 303)


@open_pages.route(f"{unsubscribe.PATH}<token>", methods=["GET", "POST"])
def stop_mail(token: str) -> ResponseReturnValue:
    """Stop one kind of mail to one person: a page that asks, and the press that does it.

    Looking at the page changes nothing, so a scanner of links stops no mail. It names nobody.
    """
    made = services()
    read = unsubscribe.read_token(made.settings.signing_key(), token) or abort(404)
    user_id, kind = read
    if request.method == "POST":
        with made.database.writing() as session:
            notifications.choose(session, user_id, {kind: "none"})
    return render_template(
        "staff/notifications/unsubscribe.html",
        news=NEWS[kind],
        token=token,
        stopped=request.method == "POST",
    )


def _field(kind: Kind) -> str:
    return f"told_{kind}"
