"""`polar_doctor`: examine an installation, and say of each fault what to type."""

from polar_django.doctor.examining import examine
from polar_django.doctor.findings import Finding, Level, Report

__all__ = ["Finding", "Level", "Report", "examine"]
