"""Saved views of the list of leads: save, rename, share, delete."""

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, Form
from wtforms.validators import DataRequired, ValidationError

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import ID, blueprint, first_errors, for_staff
from consult.staff.search.list_filters import (
    ORDERS,
    active_filters,
    choices_for,
    filter_in_address,
    list_address,
)
from consult.staff.search.list_pages import VIEWS, without_words
from consult.storage.db.database import Session
from consult.storage.search import saved_views
from consult.storage.search.lead_filter import LeadFilter
from consult.storage.search.saved_views import NameTakenError, ViewRefusedError
from consult.storage.tables.account_tables import VIEW_NAME_MAX, SavedViewRow
from consult.web.services import services
from consult.web.text import LineField, at_most

_ONE = f"/views/<{ID}:view_id>"
_USUAL_NAMES = frozenset(name.casefold() for name, _, _ in VIEWS)


class ViewForm(Form):
    name = LineField("Name", [DataRequired("Give the view a name."), at_most(VIEW_NAME_MAX)])
    shared = BooleanField("Who sees it")
    replace = BooleanField("Replace the view that has this name")

    def validate_name(self, field: LineField) -> None:
        if field.data.casefold() in _USUAL_NAMES:
            raise ValidationError("This name belongs to a built-in view. Choose another one.")


@blueprint.route("/views/new", methods=["GET", "POST"])
@for_staff
def new_view() -> ResponseReturnValue:
    """Save the filters and the order of the address, without search words, under a name."""
    wanted = without_words(filter_in_address())
    if wanted == LeadFilter():
        return redirect(list_address(wanted), 303)
    if request.method != "POST":
        return _form_page(ViewForm(), wanted)
    form, replaceable = ViewForm(request.form), False
    if form.validate():
        refused, replaceable = _save(form, wanted)
        if not refused:
            return redirect(list_address(wanted), 303)
        form.name.errors = [refused]
    return _form_page(form, wanted, replaceable=replaceable), 422


@blueprint.route(_ONE, methods=["GET", "POST"])
@for_staff
def change_view(view_id: int) -> ResponseReturnValue:
    with services().database.reading() as session:
        view = _changeable(session, view_id)
    wanted = saved_views.filter_of(view)
    if request.method != "POST":
        return _form_page(ViewForm(obj=view), wanted, view)
    form = ViewForm(request.form)
    if form.validate():
        try:
            with services().database.writing() as session:
                saved_views.change(
                    session,
                    _changeable(session, view_id),
                    form.name.data,
                    shared=form.shared.data,
                    by=signed_in_user().id,
                )
            return redirect(list_address(wanted), 303)
        except ViewRefusedError as error:
            form.name.errors = [str(error)]
    return _form_page(form, wanted, view), 422


@blueprint.post(f"{_ONE}/delete")
@for_staff
def delete_view(view_id: int) -> ResponseReturnValue:
    """Delete a view; the list still shows what it showed, so it can be saved again."""
    with services().database.writing() as session:
        view = _changeable(session, view_id)
        wanted = saved_views.filter_of(view)
        saved_views.delete(session, view, by=signed_in_user().id)
    return redirect(list_address(wanted), 303)


def _changeable(session: Session, view_id: int) -> SavedViewRow:
    view = session.get(SavedViewRow, view_id)
    if view is None or not saved_views.may_change(view, signed_in_user()):
        abort(404)
    return view


def _save(form: ViewForm, wanted: LeadFilter) -> tuple[str, bool]:
    """Save or replace a view. Returns why it wasn't saved, and whether it could replace one."""
    user, name, query = signed_in_user(), form.name.data, wanted.query()
    shared = form.shared.data
    with services().database.writing() as session:
        try:
            saved_views.add(session, name, query, shared=shared, by=user.id)
        except NameTakenError as error:
            replaceable = saved_views.may_change(error.view, user)
            if not (replaceable and form.replace.data):
                return str(error), replaceable
            saved_views.change(session, error.view, name, shared=shared, query=query, by=user.id)
        except ViewRefusedError as error:
            return str(error), False
    return "", False


def _form_page(
    form: ViewForm,
    wanted: LeadFilter,
    view: SavedViewRow | None = None,
    *,
    replaceable: bool = False,
) -> str:
    with services().database.reading() as session:
        filters = active_filters(wanted, choices_for(session, wanted))
    return render_template(
        "staff/search/view_form.html",
        form=form,
        errors=first_errors(form),
        filter=wanted,
        filters=filters,
        order=ORDERS[wanted.sort],
        view=view,
        replaceable=replaceable,
        left_out=bool(request.args.get("text") or request.args.get("similar")),
        back=list_address(filter_in_address() if view is None else wanted),
    )
