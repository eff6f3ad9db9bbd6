"""Try it: whether a page of the agency's website may show the check, and how it looks there."""

from urllib.parse import urlsplit

from flask import render_template, request

from consult.settings.embed_origins import permission_of
from consult.settings.setting_types import is_safe_address, is_this_machine
from consult.staff.blueprint import blueprint, for_admins
from consult.web.services import services
from consult.web.text import one_line

_LONGEST_ADDRESS = 300


@blueprint.get("/settings/website/try")
@for_admins
def try_website() -> str:
    """Compare the address of a page with the list of sites; nothing is fetched from it."""
    provider = services().settings_provider
    sites, base_url = provider.settings.embed_origins, provider.settings.base_url
    page = one_line(request.args.get("page"))[:_LONGEST_ADDRESS]
    return render_template(
        "staff/settings/try_website.html",
        page=page,
        permission=permission_of(page, sites) if page else None,
        sites=sites,
        is_fixed=provider.is_fixed("embed_origins"),
        host=urlsplit(base_url).netloc,
        is_local=is_this_machine(base_url),
        is_safe=is_safe_address(base_url),
    )
