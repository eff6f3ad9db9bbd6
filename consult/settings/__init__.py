"""The settings of the application, from the environment, a `.env` file and the staff area."""
