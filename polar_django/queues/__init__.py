"""Tables that are worked off: how rows are claimed, and when failed ones are tried again.

The inbox, the outbox and the usage events are such tables.
"""
