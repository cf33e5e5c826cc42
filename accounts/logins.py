"""Sign-ins made for somebody else: the password is chosen by the person who will use it, through a link."""

from itertools import count

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.audit import record_audit
from accounts.models import Client, Organization, User
from accounts.tenancy import all_organizations

LONGEST_WISH = 140


def create_login(username: str, *, email: str = "", is_staff: bool, first_name: str = "", last_name: str = "") -> User:
    """A user who cannot sign in before choosing a password. The user name must be free."""
    user = User(username=username, email=email, is_staff=is_staff, first_name=first_name, last_name=last_name)
    user.set_unusable_password()
    user.save()
    return user


def password_link(user: User) -> str:
    """The path where the user chooses a password: works once, for as long as settings.PASSWORD_RESET_TIMEOUT."""
    return reverse(
        "set-password",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        },
    )


def belongs_to(user: User, organization_id: int) -> bool:
    """True for a login that is of this organization alone: only then may its owners hand out a new password.

    Otherwise an owner could take over an operator, or somebody who works elsewhere too.
    """
    if user.is_superuser:
        return False
    with all_organizations():
        places = Organization.objects.filter(memberships__user=user) | Organization.objects.filter(
            pk__in=Client.objects.filter(user=user).values("organization_id")
        )
        return set(places.values_list("pk", flat=True)) == {organization_id}


def client_login(client: Client, *, actor: User) -> User:
    """The client's login, made when there is none: named after the email address where that is free."""
    if client.user:
        record_audit("client.password_link", subject=client, organization=client.organization, actor=actor)
        return client.user
    user = create_login(_free_username(client), email=client.email, is_staff=False)
    Client.objects.filter(pk=client.pk).update(user=user)
    client.user = user
    record_audit("client.login_created", subject=client, organization=client.organization, actor=actor)
    return user


def _free_username(client: Client) -> str:
    wished = (client.email or f"{client.organization.slug}-{client.external_id}")[:LONGEST_WISH]
    taken = User.objects.filter(username__istartswith=wished).values_list("username", flat=True)
    names = {name.casefold() for name in taken}
    candidates = (wished if number == 1 else f"{wished}-{number}" for number in count(1))
    return next(name for name in candidates if name.casefold() not in names)
