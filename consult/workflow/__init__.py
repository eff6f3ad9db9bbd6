"""The agency's own relay: the stages of a lead and what may follow what. No web, no database."""
