"""The shop's pages. Two lines of billing: a decorator on `write`, and queries on the mirror."""

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from example_project.shop.models import Draft
from polar_django.decorators import requires_benefit
from polar_django.models import Order, Product, Subscription


class DraftForm(forms.ModelForm):
    class Meta:
        model = Draft
        fields = ["title", "text"]


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/home.html")


def pricing(request: HttpRequest) -> HttpResponse:
    """What is for sale, read from the mirror: no call to the provider."""
    products = Product.objects.filter(is_archived=False).prefetch_related("prices")
    by_key = {product.key: product for product in products}
    return render(request, "shop/pricing.html", {"products": by_key})


@requires_benefit("pro")
def write(request: HttpRequest) -> HttpResponse:
    """The page for holders of `pro`."""
    draft = Draft.objects.filter(author=request.user).first()
    form = DraftForm(request.POST or None, instance=draft)
    if request.method == "POST" and form.is_valid():
        form.instance.author = request.user
        form.save()
        return redirect("write")
    words = len(draft.text.split()) if draft else 0
    return render(request, "shop/write.html", {"form": form, "draft": draft, "words": words})


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """The buyer's subscription and orders, from the mirror."""
    subscriptions = Subscription.objects.for_subscriber(request.user).select_related("product")
    orders = Order.objects.filter(subscriber=request.user).select_related("product")
    context = {
        "subscriptions": subscriptions.order_by("-started_at"),
        "orders": orders.order_by("-created_at"),
    }
    return render(request, "shop/account.html", context)


class SignIn(auth.LoginView):
    """The usual sign-in, with the two ready users offered as buttons."""

    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        ready = get_user_model().objects.filter(username__in=["ada", "grace"])
        return {**super().get_context_data(**kwargs), "ready_users": ready.order_by("username")}
