"""The pages people buy through. Addresses: `polar_django.urls`."""
