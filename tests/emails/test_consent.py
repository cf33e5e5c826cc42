from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category, Frequency
from emails.consent import Word, history_of, preferences_of, record_consent, record_consents
from emails.models import Consent
from emails.models.preferences import Source
from tests.factories import ClientFactory, UserFactory

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def say(client: Client, is_given: bool, *, at: datetime = NOW, **options: Any) -> bool:
    options = {"category": Category.WEEKLY, "source": Source.PREFERENCES} | options
    with organization_scope(client.organization_id):
        return record_consent(client, is_given=is_given, at=at, **options)


def known(client: Client) -> tuple[bool, str, str, datetime] | None:
    """Of the weekly mail: agreed, frequency, source and time."""
    with organization_scope(client.organization_id):
        row = preferences_of(client)[Category.WEEKLY]
    return (row.is_agreed, row.frequency, row.source, row.changed_at) if row else None


def history(client: Client) -> list[tuple[str, bool, str, str, datetime]]:
    with all_organizations():
        rows = Consent.objects.filter(client=client).order_by("id")
        return list(rows.values_list("category", "is_given", "frequency", "source", "at"))


def test_nobody_agrees_before_being_asked(client_of_acme: Client) -> None:
    with organization_scope(client_of_acme.organization_id):
        assert preferences_of(client_of_acme) == dict.fromkeys(Category)


def test_each_word_is_known_with_its_source_and_time_and_kept(client_of_acme: Client) -> None:
    assert say(client_of_acme, True, source=Source.STAFF)
    assert say(client_of_acme, False, at=NOW + DAY, source=Source.ONE_CLICK)
    assert known(client_of_acme) == (False, "weekly", "one_click", NOW + DAY)
    assert history(client_of_acme) == [
        ("weekly", True, "weekly", "staff", NOW),
        ("weekly", False, "weekly", "one_click", NOW + DAY),
    ]


def test_the_same_word_again_changes_nothing(client_of_acme: Client) -> None:
    say(client_of_acme, True)
    assert not say(client_of_acme, True, at=NOW + DAY, source=Source.STAFF)
    assert (known(client_of_acme), len(history(client_of_acme))) == ((True, "weekly", "preferences", NOW), 1)


def test_an_older_word_overrules_no_newer_one(client_of_acme: Client) -> None:
    say(client_of_acme, False)
    assert not say(client_of_acme, True, at=NOW - DAY, source=Source.IMPORT)
    assert (known(client_of_acme), len(history(client_of_acme))) == ((False, "weekly", "preferences", NOW), 1)


def test_a_word_older_than_the_last_time_it_was_said_again_is_passed_over(client_of_acme: Client) -> None:
    say(client_of_acme, False, source=Source.ONE_CLICK)
    assert not say(client_of_acme, False, at=NOW + 2 * DAY, source=Source.ONE_CLICK)
    assert not say(client_of_acme, True, at=NOW + DAY, source=Source.IMPORT)
    assert known(client_of_acme) == (False, "weekly", "one_click", NOW)
    assert say(client_of_acme, True, at=NOW + 3 * DAY)
    assert len(history(client_of_acme)) == 2


def test_of_two_words_at_the_same_time_the_stricter_counts(client_of_acme: Client) -> None:
    words = [Word(client_of_acme.pk, Category.WEEKLY, is_given=is_given, at=NOW) for is_given in (True, False, True)]
    with organization_scope(client_of_acme.organization_id):
        assert record_consents(client_of_acme.organization_id, words, source=Source.IMPORT) == 1
    assert known(client_of_acme) == (False, "weekly", "import", NOW)


def test_the_word_of_a_merged_client_is_that_of_who_is_left(client_of_acme: Client, organization: Organization) -> None:
    former = ClientFactory.create(organization=organization, merged_into=client_of_acme, status="archived")
    assert say(former, False, source=Source.ONE_CLICK)
    assert known(client_of_acme) == (False, "weekly", "one_click", NOW)
    assert known(former) is None


def test_how_often_stays_until_it_is_said_anew(client_of_acme: Client) -> None:
    say(client_of_acme, True, frequency=Frequency.EVERY_FOUR_WEEKS)
    say(client_of_acme, False, at=NOW + DAY)
    say(client_of_acme, True, at=NOW + 2 * DAY)
    assert known(client_of_acme) == (True, "monthly", "preferences", NOW + 2 * DAY)
    assert say(client_of_acme, True, at=NOW + 3 * DAY, frequency=Frequency.EVERY_WEEK)
    assert [frequency for _, _, frequency, _, _ in history(client_of_acme)] == [
        "monthly",
        "monthly",
        "monthly",
        "weekly",
    ]


def test_of_many_words_at_once_the_newest_of_each_counts(client_of_acme: Client, organization: Organization) -> None:
    other = ClientFactory.create(organization=organization)
    words = [
        Word(client_of_acme.pk, Category.WEEKLY, is_given=False, at=NOW),
        Word(client_of_acme.pk, Category.WEEKLY, is_given=True, at=NOW - DAY),
        Word(client_of_acme.pk, Category.REMINDERS, is_given=True, at=NOW - DAY, detail={"form": "2026-11"}),
        Word(other.pk, Category.WEEKLY, is_given=True, at=NOW),
    ]
    actor = UserFactory.create()
    with organization_scope(organization.pk):
        assert record_consents(organization.pk, words, source=Source.IMPORT, actor=actor) == 3
        assert record_consents(organization.pk, words, source=Source.IMPORT, actor=actor) == 0
        assert record_consents(organization.pk, [], source=Source.IMPORT) == 0
    assert sorted(history(client_of_acme)) == [
        ("reminders", True, "weekly", "import", NOW - DAY),
        ("weekly", False, "weekly", "import", NOW),
    ]
    assert known(other) == (True, "weekly", "import", NOW)
    with all_organizations():
        kept = Consent.objects.get(category="reminders")
    assert (kept.actor, kept.detail) == (actor, {"form": "2026-11"})


def test_a_client_of_another_organization_cannot_be_spoken_for(client_of_acme: Client, outsider: Organization) -> None:
    word = Word(client_of_acme.pk, Category.WEEKLY, is_given=True, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic(), organization_scope(outsider.pk):
        record_consents(outsider.pk, [word], source=Source.API)
    assert known(client_of_acme) is None


def test_the_history_is_of_the_client_and_who_was_merged_into_it(
    client_of_acme: Client, organization: Organization, outsider: Organization
) -> None:
    former, other = ClientFactory.create_batch(2, organization=organization)
    for client in (former, other):
        say(client, True)
    say(client_of_acme, False, at=NOW + DAY)
    with organization_scope(organization.pk):
        Client.objects.filter(pk=former.pk).update(merged_into=client_of_acme)
        words = [(word.client_id, word.is_given) for word in history_of(client_of_acme)]
    assert words == [(client_of_acme.pk, False), (former.pk, True)]


def test_the_same_word_twice_at_once_is_kept_once(committed_db: None) -> None:
    client = ClientFactory.create()
    with ThreadPoolExecutor(8) as pool:
        changed = list(pool.map(_say_in_a_thread, [client] * 16))
    assert (sum(changed), len(history(client)), known(client)) == (1, 1, (False, "weekly", "one_click", NOW))


def _say_in_a_thread(client: Client) -> bool:
    try:
        return say(client, False, source=Source.ONE_CLICK)
    finally:
        connection.close()
