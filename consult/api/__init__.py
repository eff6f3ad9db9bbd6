"""What other programs call: the read API, and the receiver of what calendars report."""
