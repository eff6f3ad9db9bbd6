"""Lets `python -m consult` run the command line."""

from consult.commands import main

main()
