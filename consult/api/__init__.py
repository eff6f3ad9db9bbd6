"""What other programs call: the read API, and the receiver of what calendars report."""

from consult.api import lead_api
from consult.api.api_access import api
from consult.api.calendar_hooks import hooks

# Importing a module of routes puts its views on the blueprint.
ROUTES = (lead_api,)
blueprints = (api, hooks)
