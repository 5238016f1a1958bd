"""Map addresses to views; a company's pages start with its name."""

from django.urls import include, path

from dashboard import health, views

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("", include("providers.tenancy.urls")),
    path("<slug:tenant>/", views.overview, name="overview"),
    path("<slug:tenant>/", include("providers.urls")),
    path("<slug:tenant>/", include("balances.urls")),
]

handler400 = "providers.tenancy.errors.bad_request"
handler403 = "providers.tenancy.errors.permission_denied"
handler404 = "providers.tenancy.errors.not_found"
handler429 = "providers.tenancy.errors.too_many"
handler500 = "providers.tenancy.errors.server_error"
