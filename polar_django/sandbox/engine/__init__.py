"""What the sandbox does: every change of its tables, and the events that follow.

The `data` that functions take is a request's body after its schema was checked: only the keys that
were sent, ids as UUID. Business rules are checked here; what breaks one raises a class of `errors`.
"""
