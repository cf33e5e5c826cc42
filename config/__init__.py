import zoneinfo

from config.celery import app as celery_app

# The package that the lock file pins: a machine's own may be years old, and then its days begin an hour off.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()

__all__ = ["celery_app"]
