from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import reverse


class SetPassword(PasswordResetConfirmView):
    """Where a link from `accounts.logins.password_link` leads, for members and clients alike."""

    template_name = "accounts/set_password.html"

    def get_success_url(self) -> str:
        return reverse("admin:login" if self.user and self.user.is_staff else "client-sign-in")
