"""Leads as tables for a spreadsheet: CSV and XLSX, one row per lead, in words."""
