"""Map the addresses below `/<tenant>/` that belong to balances."""

from django.urls import path

from balances.views import actions, files, listing, pages

app_name = "balances"

urlpatterns = [
    path("balances.csv", files.balances_csv, name="csv"),
    path("balances.xlsx", files.balances_xlsx, name="xlsx"),
    path("balances/", listing.balance_list, name="list"),
    path("balances/<slug:public_id>/", pages.balance_detail, name="detail"),
    path("accounts/<slug:public_id>/rename/", actions.rename, name="rename"),
    path("accounts/<slug:public_id>/close/", actions.close, name="close"),
    path("accounts/<slug:public_id>/reopen/", actions.reopen, name="reopen"),
    path("accounts/<slug:public_id>/keep/", actions.keep, name="keep"),
    path("accounts/<slug:public_id>/holder/", actions.holder, name="holder"),
    path("held/<slug:public_id>/", actions.held_decide, name="held_decide"),
    path("sync/", actions.sync, name="sync"),
    path("providers/<slug:public_id>/pause/", actions.pause, name="pause"),
    path("providers/<slug:public_id>/resume/", actions.resume, name="resume"),
    path("providers/<slug:public_id>/holder/", actions.credential_holder, name="credential_holder"),
    path("providers/<slug:public_id>/retire/", actions.retire, name="retire"),
]
