"""A year of leads that look real and are clearly fake, to try the staff pages with.

They are made by the functions that the pages call, with the session's clock set: responses are
started, saved and submitted or abandoned, and staff work on the leads. They are marked as demo
leads and counted separately. The same seed makes the same leads.
"""

from consult.demo.generator import make_leads, remove_leads

__all__ = ["make_leads", "remove_leads"]
