"""Map the addresses at the door, of one's own account, and of a tenant's people and log.

Left out of allauth's: managing addresses (the address is the login, which admins give), sign-in by code, setting a
first password.
"""

from allauth.account import views as account
from django.urls import path, re_path

from providers.tenancy.views import account as own_account
from providers.tenancy.views import activity, door, home, people

urlpatterns = [
    path("", home.home, name="home"),
    path("account/", own_account.account, name="account"),
    path("account/row-height/", own_account.row_height, name="row_height"),
    path("account/name/", own_account.account_name, name="account_name"),
    path("accounts/login/", door.SignIn.as_view(), name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("accounts/reauthenticate/", door.Reauthenticate.as_view(), name="account_reauthenticate"),
    path(
        "accounts/confirm-email/",
        account.email_verification_sent,
        name="account_email_verification_sent",
    ),
    re_path(
        r"^accounts/confirm-email/(?P<key>[-:\w]+)/$",
        account.confirm_email,
        name="account_confirm_email",
    ),
    path(
        "accounts/password/change/", door.PasswordChange.as_view(), name="account_change_password"
    ),
    path("accounts/password/reset/", door.PasswordReset.as_view(), name="account_reset_password"),
    path(
        "accounts/password/reset/done/",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "accounts/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        door.PasswordResetFromKey.as_view(),
        name="account_reset_password_from_key",
    ),
    path("<slug:tenant>/people/", people.member_list, name="people"),
    path("<slug:tenant>/people/invite/", people.invite, name="invite"),
    path("<slug:tenant>/people/<slug:public_id>/invite/", people.invite_again, name="invite_again"),
    path("<slug:tenant>/people/<slug:public_id>/role/", people.member_role, name="member_role"),
    path(
        "<slug:tenant>/people/<slug:public_id>/deactivate/",
        people.member_deactivate,
        name="member_deactivate",
    ),
    path(
        "<slug:tenant>/people/<slug:public_id>/reactivate/",
        people.member_reactivate,
        name="member_reactivate",
    ),
    path("<slug:tenant>/activity/", activity.activity, name="activity"),
    path("<slug:tenant>/activity.csv", activity.activity_csv, name="activity_csv"),
]
