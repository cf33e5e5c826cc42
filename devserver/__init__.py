"""Starts what Mainstay needs on a developer's machine: PostgreSQL, Valkey, the web server, the worker and the clock.

Only the standard library is imported at the top, so that the commands can still explain themselves when an
installation is incomplete. `python -m devserver --help` lists the commands.
"""


class UnableToStartError(Exception):
    """Something needed for starting is missing; the message is a sentence for the person at the keyboard."""
