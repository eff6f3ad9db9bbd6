"""What an owner gets: one plain Report, and the page, PDF and staff view made from it."""
