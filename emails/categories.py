"""What clients are asked about before they are mailed, and how often they want it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """Account mail, such as a forgotten password, has none: it is asked for by the one who gets it."""

    WEEKLY = "weekly", _("Weekly summary")
    REMINDERS = "reminders", _("Reminders and offers of help")
    FEEDBACK = "feedback", _("Questions about your experience")


class Frequency(models.TextChoices):
    """At most so often, of one category."""

    EVERY_WEEK = "weekly", _("Every week")
    EVERY_OTHER_WEEK = "fortnightly", _("Every other week")
    EVERY_FOUR_WEEKS = "monthly", _("Every four weeks")


WEEKS = {Frequency.EVERY_WEEK: 1, Frequency.EVERY_OTHER_WEEK: 2, Frequency.EVERY_FOUR_WEEKS: 4}
