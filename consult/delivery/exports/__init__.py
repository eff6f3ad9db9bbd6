"""Leads as tables for a spreadsheet: CSV and XLSX, one row a lead, in words.

What stands in a cell is decided in ``columns``; ``csv_file`` and ``xlsx_file`` write it, a bundle
of leads at a time, so that an export of any length takes the memory of a short one.
"""
