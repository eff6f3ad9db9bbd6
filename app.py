"""The WSGI entry for any server: `app` is the application. `python app.py` serves it."""

from consult.application import create_app
from consult.commands import consult

app = create_app()

if __name__ == "__main__":
    consult(["serve"])
