"""What a project with team subscribers tells polar_django (tests.settings_team)."""

from django.http import HttpRequest

from tests.teams.models import Team


def team_of(request: HttpRequest) -> Team | None:
    """The first team of the signed-in user."""
    return Team.objects.filter(owner_id=request.user.pk).order_by("pk").first()


def profile_of(team: Team) -> dict[str, str]:
    return {"email": team.owner.email, "name": team.name}


def owns(request: HttpRequest, team: Team) -> bool:
    return team.owner_id == request.user.pk
