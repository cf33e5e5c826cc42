"""The people who sign in to the demo, and its keys. Running again changes nothing that still works."""

from datetime import datetime

from accounts.api_keys import create_api_key, revoke_api_key
from accounts.authentication import find_api_key
from accounts.models import ApiKey, Client, Membership, Organization, User
from success.demo.cast import DemoClient, DemoOrganization
from success.demo.credentials import Known, Login
from success.demo.history import MAPPED_NAME
from telemetry.event_types import EventType
from telemetry.models import EventName

KEY_NAME = "Demo"


def ensure_operator(known: Known) -> Login:
    return ensure_login("admin", known, is_staff=True, is_superuser=True)


def ensure_login(username: str, known: Known, **fields: object) -> Login:
    """The user with the password of the credentials file, or a new one where that does not work."""
    user, _ = User.objects.update_or_create(username=username, defaults={"is_active": True, **fields})
    password = known.password(username)
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return Login(username, password)


def ensure_organization(demo: DemoOrganization) -> Organization:
    """Needs the scope of all organizations, as every function here."""
    organization, created = Organization.objects.get_or_create(
        slug=demo.slug,
        defaults={
            "name": demo.name,
            "timezone": demo.timezone,
            "status": Organization.Status.ACTIVE,
            "is_simulated": True,
        },
    )
    if created:
        EventName.objects.create(organization=organization, name=MAPPED_NAME, base_type=EventType.EXPORT_DOWNLOADED)
    organization.refresh_from_db()
    return organization


def ensure_members(organization: Organization, demo: DemoOrganization, known: Known) -> Login:
    """An owner and a member of staff; returns the login of the owner, who may do everything there."""
    logins = {}
    for role in Membership.Role:
        username = f"{demo.prefix}-{role}"
        logins[role] = ensure_login(username, known, is_staff=True, email=f"{role}@{demo.mail_domain}")
        user = User.objects.get(username=username)
        Membership.objects.get_or_create(organization=organization, user=user, defaults={"role": role})
    return logins[Membership.Role.OWNER]


def ensure_client_login(organization: Organization, demo: DemoOrganization, person: DemoClient, known: Known) -> Login:
    """The sign-in of one client, which exists before its first event so that the login has something to stand on."""
    login = ensure_login(f"{demo.prefix}-client", known, is_staff=False, email=person.email)
    client, _ = Client.objects.get_or_create(
        organization=organization,
        external_id=person.external_id,
        defaults={"name": person.name, "email": person.email},
    )
    if client.user_id is None:
        client.user = User.objects.get(username=login.username)
        client.save(update_fields=["user"])
    return login


def ensure_key(organization: Organization, kind: ApiKey.Kind, known: Known, *, as_of: datetime) -> str:
    """The key of the credentials file while it works; else a new one, and the demo's former ones are revoked."""
    secret = known.key(organization.slug, kind)
    if secret:
        key = find_api_key(secret, kind=kind, as_of=as_of)
        if key and key.organization_id == organization.pk:
            return secret
    for former in ApiKey.objects.filter(organization=organization, kind=kind, name=KEY_NAME, revoked_at=None):
        revoke_api_key(former, revoked_by=None, at=as_of)
    return create_api_key(organization, kind=kind, name=KEY_NAME).secret
