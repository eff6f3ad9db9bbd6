"""The settings of the application, from the environment, a `.env` file and the staff area."""

from pathlib import Path

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
