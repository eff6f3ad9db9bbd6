"""A year of leads that look real and clearly are not, to try the staff pages with.

They go the same way as an owner's answers: a check is begun, saved, handed in and left a contact,
only at made-up moments; others stop on the way, and staff do with the leads what staff do. They are
marked as demo leads and counted apart. The same seed makes the same ones.
"""

from consult.demo.generator import make_leads

__all__ = ["make_leads"]
