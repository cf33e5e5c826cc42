"""The addresses that a mail's links and picture lead to. Neither sets a cookie or says more than it must."""

import re
from base64 import b64decode
from uuid import UUID

import structlog
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.problems import DATABASE_UNAVAILABLE, RETRY_AFTER_SECONDS
from emails.tracking.readers import reader_of
from emails.tracking.recording import MailName, record_click, record_open, target_of

logger = structlog.get_logger(__name__)

# As many digits as any id has that PostgreSQL could hold.
NAME = re.compile(r"([1-9][0-9]{0,17})\.([0-9a-f]{32})")
NUMBER = re.compile(r"[0-9]{1,4}")
PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@require_safe
@never_cache
def follow(request: HttpRequest, name: str, number: str) -> HttpResponse:
    """To where the link led when the mail was queued; nothing of the request has a say in that."""
    mail = _mail_named(name)
    if mail is None or not NUMBER.fullmatch(number):
        raise Http404
    try:
        target = target_of(mail, number=int(number))
    except DATABASE_UNAVAILABLE:
        logger.exception("mail_link_not_found_out", organization_id=mail.organization_id)
        return _come_again()
    if target is None:
        raise Http404
    try:
        reader = reader_of(method=str(request.method), headers=request.headers)
        record_click(mail, number=int(number), target=target, reader=reader, at=timezone.now())
    except DatabaseError:
        # Whoever clicks gets where they want to.
        logger.exception("mail_click_not_recorded", organization_id=mail.organization_id)
    return HttpResponseRedirect(target)


@require_safe
@never_cache
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """The same picture for every name: it tells nobody which mails there are."""
    mail = _mail_named(name)
    # Our own pages that show a mail are no opening of it.
    if mail is not None and request.headers.get("Sec-Fetch-Site") != "same-origin":
        try:
            record_open(mail, reader=reader_of(method=str(request.method), headers=request.headers), at=timezone.now())
        except DatabaseError:
            logger.exception("mail_open_not_recorded", organization_id=mail.organization_id)
    return HttpResponse(PICTURE, content_type="image/gif")


def _mail_named(name: str) -> MailName | None:
    parts = NAME.fullmatch(name)
    return MailName(int(parts[1]), UUID(parts[2])) if parts else None


def _come_again() -> HttpResponse:
    return HttpResponse(
        _("This link cannot be followed right now. Please try again in a moment."),
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
