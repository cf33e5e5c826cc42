from jobs.admin import clock, runs

__all__ = ["clock", "runs"]
