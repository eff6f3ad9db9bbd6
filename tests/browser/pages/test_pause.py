"""A check that waits for its owner."""

from tests.browser.pages.state import State, look_at_each, open_all

test_pause = look_at_each(
    State("pause", lambda site: f"{site.empty_check}/pause", open_all),
    State("resume", lambda site: site.resume_link),
    State("resume link expired", "/resume/nothing", status=410),
    State("stop with leave", lambda site: f"{site.full_check}/stop?forgotten=1", open_all),
)
