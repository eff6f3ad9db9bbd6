"""What the tests share: a client that inspects pages, journeys, personas, apps and a browser."""
