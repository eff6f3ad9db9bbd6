"""What is kept: the tables, the migrations, and the few verbs that read and write them.

Views and templates get frozen dataclasses from the verbs, never live database records.
"""
