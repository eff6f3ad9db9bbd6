"""The agency's own rules for leads: stages, office hours, performance. No web, no database."""
