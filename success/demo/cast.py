"""Who is in the demo: two organizations that do not exist, and their clients."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from success.demo.characters import Character

OLDEST_SIGN_UP_DAYS = 500
YOUNGEST_SIGN_UP_DAYS = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrganization:
    slug: str
    name: str
    timezone: str
    prefix: str
    mail_domain: str
    people: tuple[str, ...]
    characters: tuple[Character, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    external_id: str
    name: str
    email: str
    character: Character
    signed_up_on: date


HARBOUR = DemoOrganization(
    slug="harbour-finch",
    name="Harbour & Finch Studio (simulated)",
    timezone="Europe/Berlin",
    prefix="hf",
    mail_domain="example.com",
    people=(
        "Ada Lindqvist", "Bruno Keller", "Clara Montag", "Dario Ferri", "Elif Aydin", "Frida Holm", "Gregor Nowak",
        "Hanna Vogt", "Ivo Petrov", "Jule Brandt", "Karim Haddad", "Lotte Visser", "Milan Horvat", "Nora Eklund",
        "Oskar Wirth", "Paula Reis", "Quentin Morel", "Rosa Amato", "Stefan Lang", "Tilda Berg", "Umut Kaya",
        "Vera Simic", "Willem Smit", "Yara Costa",
    ),
    characters=(Character.STEADY,) * 8 + (Character.THRIVING,) * 5 + (Character.DECLINING,) * 4
    + (Character.SILENT,) * 3 + (Character.NEW,) * 2 + (Character.RETURNING,) * 2,
)  # fmt: skip
JUNIPER = DemoOrganization(
    slug="juniper-works",
    name="Juniper Works (simulated)",
    timezone="America/New_York",
    prefix="jw",
    mail_domain="juniper.test",
    people=(
        "Amos Fielding", "Beth Calloway", "Cyrus Boone", "Dana Whitlock", "Eli Navarro", "Faye Osborne", "Grant Mercer",
        "Hope Sandoval", "Isaac Pryor", "June Castillo", "Kyle Denton", "Lena Ashby", "Marcus Hale", "Nina Prescott",
        "Owen Tully", "Piper Lowe",
    ),
    characters=(Character.THRIVING,) * 3 + (Character.STEADY,) * 5 + (Character.DECLINING,) * 3
    + (Character.SILENT,) * 2 + (Character.NEW,) * 2 + (Character.RETURNING,),
)  # fmt: skip
DEMO_ORGANIZATIONS = (HARBOUR, JUNIPER)


def clients_of(organization: DemoOrganization, *, anchor: date) -> list[DemoClient]:
    """The same people for the same anchor, the day on which the demo was first made."""
    return [
        DemoClient(
            external_id=f"{organization.prefix}-{101 + number}",
            name=name,
            email=f"{name.lower().replace(' ', '.')}@{organization.mail_domain}",
            character=character,
            signed_up_on=anchor - timedelta(days=_age_days(character, name)),
        )
        for number, (name, character) in enumerate(zip(organization.people, organization.characters, strict=True))
    ]


def _age_days(character: Character, name: str) -> int:
    chance = Random(name)  # noqa: S311 - made-up people need no secrecy
    if character is Character.NEW:
        return chance.randint(5, 12)
    return chance.randint(YOUNGEST_SIGN_UP_DAYS, OLDEST_SIGN_UP_DAYS)
