"""dj-stripe 2.11 doing the equivalent, in an environment of its own (it pins another `stripe`).

These modules import nothing of polar_django: they run in that environment.
"""
