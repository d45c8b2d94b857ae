from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from example_project.shop import api, views

urlpatterns = [
    path("", views.home, name="home"),
    path("pricing/", views.pricing, name="pricing"),
    path("write/", views.write, name="write"),
    path("account/", views.account, name="account"),
    path("api/export/", api.ExportDrafts.as_view(), name="export"),
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("billing/", include("polar_django.urls")),
    path("sandbox/", include("polar_django.sandbox.urls")),
    path("admin/", admin.site.urls),
]
