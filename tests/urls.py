from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path

urlpatterns = [
    path("billing/", include("polar_django.urls")),
    path("sandbox/", include("polar_django.sandbox.urls")),
    path("accounts/login/", LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("admin/", admin.site.urls),
]
