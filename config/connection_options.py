"""What a connection to PostgreSQL begins with: above all how long either end waits for a machine that says nothing.

One that is switched off or cut off from the network closes no connection. By the kernels' own limits the server would
keep its transactions, and the locks on its units of work, for two hours, and a process would wait as long for a server
that is gone. With these it is about half a minute. They are told to the server when connecting, so that none has to be
configured; DATABASE_URL may have others.
"""

from typing import Final

IDLE_SECONDS, PROBE_SECONDS, PROBES = 10, 5, 3
UNANSWERED_MILLISECONDS = 30_000

_OF_THE_SERVER = {
    "tcp_keepalives_idle": IDLE_SECONDS,
    "tcp_keepalives_interval": PROBE_SECONDS,
    "tcp_keepalives_count": PROBES,
    "tcp_user_timeout": UNANSWERED_MILLISECONDS,
    # Else a statement goes on for nobody, and ends only when its result cannot be sent.
    "client_connection_check_interval": 5_000,
    # Compiling takes longer than running: a second and more for scores, at each run.
    "jit": "off",
}

CONNECTION_OPTIONS: Final[dict[str, str | int]] = {
    "connect_timeout": 3,
    "keepalives_idle": IDLE_SECONDS,
    "keepalives_interval": PROBE_SECONDS,
    "keepalives_count": PROBES,
    "tcp_user_timeout": UNANSWERED_MILLISECONDS,
    "options": " ".join(f"-c {name}={value}" for name, value in _OF_THE_SERVER.items()),
}
