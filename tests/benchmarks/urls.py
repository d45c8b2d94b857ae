from django.urls import include, path

from tests.benchmarks.bare.views import receive

urlpatterns = [
    path("billing/", include("polar_django.urls")),
    path("sandbox/", include("polar_django.sandbox.urls")),
    path("bare/", receive),
]
