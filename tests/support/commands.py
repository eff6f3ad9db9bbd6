"""Commands, run in this process as a user types them."""

from click.testing import CliRunner, Result

from consult.commands import consult


def run(*arguments: object, code: int = 0, given: str | bytes | None = None) -> Result:
    """What a command printed that ended with this code; an error is told in one line."""
    result = CliRunner().invoke(consult, [*map(str, arguments)], input=given)
    assert result.exit_code == code, result.output
    if code:
        assert len(result.stderr.splitlines()) == 1, result.stderr
    return result
