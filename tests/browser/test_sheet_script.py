"""The script for Google Sheets in the documentation, run in a browser on a made-up sheet."""

import json
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser

from consult.delivery.webhooks.webhook_formats import FLAT_FIELDS, flat
from tests.delivery.webhooks.test_webhook_formats import ADA, LEAD, WITH_CONTACT

GOOGLE = """
rows = [];
const sheet = {
  appendRow: row => rows.push(row),
  getLastRow: () => rows.length,
  getRange: (row, column, count) => ({getValues: () => rows.slice(0, count).map(r => [r[0]])}),
};
LockService = {getScriptLock: () => ({waitLock: () => {}, releaseLock: () => {}})};
SpreadsheetApp = {getActive: () => ({getSheets: () => [sheet]}), flush: () => {}};
ContentService = {createTextOutput: text => text};
"""


def test_the_script_adds_a_row_for_each_message_and_no_formula(browser: Browser) -> None:
    text = (Path(__file__).parents[2] / "docs" / "integrations.md").read_text("utf-8")
    script = text.partition("```js\n")[2].partition("```")[0]
    assert len(script.strip().splitlines()) == 12
    ada = {**ADA, "business": "=HYPERLINK(1)", "phone": "+1 555 0100"}
    first = flat(replace(WITH_CONTACT, lead={**LEAD, "contact": ada}))
    second = flat(replace(WITH_CONTACT, message_id="msg_2"))
    tab = browser.new_page()
    tab.evaluate(f"{GOOGLE}\n{script}\nwindow.doPost = doPost; null")
    for message in (first, first, second):
        body = json.dumps(message)
        answer = tab.evaluate("body => doPost({postData: {contents: body}})", body)
        assert answer == "ok"
    names, *rows = tab.evaluate("rows")
    tab.close()
    assert names == list(FLAT_FIELDS)
    assert [row[0] for row in rows] == ["msg_1", "msg_2"]
    said = dict(zip(names, rows[0], strict=True))
    assert (said["business"], said["phone"]) == ("'=HYPERLINK(1)", "'+1 555 0100")
    assert said["separation"] == first["separation"]
