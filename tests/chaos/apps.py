"""The application of the chaos run: the same code, with its waits cut to fit a year in a minute."""

from datetime import timedelta

from django.apps import AppConfig

# What a killed worker held is due again after this; a walk through the provider's lists too.
LEASE = timedelta(seconds=5)
WALK_LEASE = timedelta(seconds=8)
# 10 seconds become a third, two hours eight seconds; how often is as it is.
DELAYS = tuple(timedelta(seconds=s) for s in (0.3, 0.6, 1, 2, 4, 8, 8))


class ChaosConfig(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from polar_django.mirror import cursors  # noqa: PLC0415
        from polar_django.queues import claims, retries  # noqa: PLC0415
        from polar_django.webhooks import inbox  # noqa: PLC0415

        cursors.LEASE = WALK_LEASE
        claims.LEASE = inbox.LEASE = LEASE
        retries.DELAYS = DELAYS
