"""What the tests share: a client that inspects pages, journeys, personas, apps and a browser."""

TEMPLATES = "RELAY_CHECK_TEST_TEMPLATES"
"""The variable that names the folder with the templates that the processes of a run compiled."""
