"""Work that happens after an answer was acknowledged: PDFs, mail, clearing up.

Jobs are rows in the app's own database (``outbox``), written in the transaction that made them
necessary. A worker takes them under a lease and finishes them (``worker``); what each kind does is
in ``handlers``. A job whose worker dies is taken again when its lease runs out: every job happens
at least once, and its effect is written in the transaction that marks it done.
"""
