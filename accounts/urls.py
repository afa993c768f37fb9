"""The door of the admin: links to choose a password, and the second factor."""

from django.contrib.auth import views as auth
from django.urls import path

from accounts import views
from accounts.forms import LinkForm

urlpatterns = [
    path("second-factor/", views.ask, name="second_factor"),
    path("second-factor/set-up/", views.set_up, name="second_factor_set_up"),
    path("second-factor/recovery-codes/", views.recovery_codes, name="second_factor_codes"),
    path("password_reset/", auth.PasswordResetView.as_view(form_class=LinkForm), name="admin_password_reset"),
    path("password_reset/done/", auth.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("reset/<uidb64>/<token>/", auth.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("reset/done/", auth.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
]
