"""Map the addresses below `/<tenant>/` that belong to providers: credentials and sync runs."""

from django.urls import path

from providers.views import credentials, progress, runs

app_name = "providers"

urlpatterns = [
    path("providers/", credentials.credentials, name="credentials"),
    path("providers/test/", credentials.test, name="test"),
    path("providers/add/<slug:code>/", credentials.credential_add, name="credential_add"),
    path("providers/<slug:public_id>/", credentials.credential, name="credential"),
    path("sync-runs/", runs.runs, name="runs"),
    path("sync-runs/under-way/", progress.sync_status, name="sync_status"),
    path("sync-runs/<slug:public_id>/", runs.run, name="run"),
]
