"""The errors a user can mend: one line that says what is wrong, where, and what to do."""


class UserError(Exception):
    """Bad input or a bad option; the command prints the message as one line and exits with 1."""


class UsageError(UserError):
    """The command itself is wrong (unknown option, key or value); exits with 2."""


class BadSample(UserError):
    """One image cannot be used; the run records a skip with this reason and goes on."""
