from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, path

from accounts.client_sign_in import ClientSignIn, home
from accounts.set_password import SetPassword

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("client/sign-in", ClientSignIn.as_view(), name="client-sign-in"),
    path("client/sign-out", LogoutView.as_view(next_page="client-sign-in"), name="client-sign-out"),
    path("set-password/<uidb64>/<token>", SetPassword.as_view(), name="set-password"),
]
