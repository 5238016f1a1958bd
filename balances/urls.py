"""Map the addresses below `/<tenant>/` that belong to balances."""

from django.urls import path

from balances.views import pages

app_name = "balances"

urlpatterns = [
    path("balances/", pages.balance_list, name="list"),
    path("balances/<slug:public_id>/", pages.balance_detail, name="detail"),
]
