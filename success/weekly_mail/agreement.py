"""Why somebody gets the weekly mail, said in it."""

from collections.abc import Mapping
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emails.models import MailPreference
from emails.models.preferences import Source
from success.weekly_mail.days import written_day

SAID: Mapping[str, Any] = {
    Source.PREFERENCES: gettext_lazy(
        "You get this mail because you chose the weekly summary of %(organization)s on your preferences page on"
        " %(day)s."
    ),
    Source.API: gettext_lazy(
        "You get this mail because you agreed to the weekly summary in the application of %(organization)s on %(day)s."
    ),
}
RECORDED = gettext_lazy(
    "You get this mail because you agreed to the weekly summary; %(organization)s recorded that on %(day)s."
)


def agreement_text(preference: MailPreference | None, *, organization_name: str) -> str:
    """With the day in the active timezone. Only previews are made for those who have not agreed."""
    if preference is None or not preference.is_agreed:
        text = _("The weekly summary of %(organization)s is only sent to those who have agreed to it.")
        return text % {"organization": organization_name}
    day = written_day(localdate(preference.changed_at))
    return str(SAID.get(preference.source, RECORDED)) % {"organization": organization_name, "day": day}
