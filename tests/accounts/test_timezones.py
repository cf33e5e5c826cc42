from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import Client
from accounts.timezones import is_timezone


@pytest.mark.parametrize("name", ["localtime", "Factory", "posixrules", "CET", "Mars/Olympus", ""])
def test_what_is_no_place_is_no_timezone(name: str) -> None:
    assert not is_timezone(name)


def test_every_timezone_is_known_to_the_database(db: None) -> None:
    names = [name for name in available_timezones() if is_timezone(name)]
    with connection.cursor() as cursor:
        # An unknown one is an error; the list of all that are known takes seconds.
        cursor.execute("SELECT count(now() AT TIME ZONE name) FROM unnest(%s::text[]) AS name", [names])
        [known] = cursor.fetchone()
    assert known == len(names) > 500


def test_an_organization_or_client_of_no_place_is_refused(client_of_acme: Client) -> None:
    organization = client_of_acme.organization
    organization.timezone = client_of_acme.timezone = ZoneInfo("CET")
    for row in (organization, client_of_acme):
        with pytest.raises(ValidationError) as error:
            row.clean_fields()
        assert "Choose the timezone of a place, such as Europe/Berlin." in error.value.message_dict["timezone"]
