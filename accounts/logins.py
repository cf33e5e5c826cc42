"""Sign-ins made for somebody else: the password is chosen by the person who will use it, through a link."""

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import Client, Organization, User
from accounts.tenancy import all_organizations


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
