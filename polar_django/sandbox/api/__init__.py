"""The sandbox's REST API: one router per resource, thin around the engine.

ninja is imported when the addresses are loaded, never by `django.setup()`.
"""
