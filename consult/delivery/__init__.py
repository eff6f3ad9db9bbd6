"""Work that happens after an answer was acknowledged: PDFs, mail, webhooks, deletion.

Jobs are rows in the app's own database (``consult.storage.jobs``), written in the transaction that
made them necessary. A worker claims them under a lease and completes them (``worker``); what each
kind does is in ``handlers``. A job whose worker dies is claimed again when its lease expires: every
job runs at least once, and what it changes is written in the transaction that marks it done.
"""
