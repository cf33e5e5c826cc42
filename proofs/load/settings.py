"""Those of the benchmarks, with the log of an installation: a line of JSON for each request of people and the API."""

from benchmarks.settings import *  # noqa: F403
from config.logging import logging_settings

LOGGING = logging_settings(json=True, level="INFO")
