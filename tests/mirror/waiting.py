"""Whether a writer waits for another one's lock, as the database says itself."""

import time
from concurrent.futures import Future

from django.db import connection

# In this database only: other test processes use others of the same server.
_WAITING = {
    "postgresql": (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks"
        " WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    ),
    "mysql": (
        "SELECT count(*) FROM information_schema.innodb_trx JOIN information_schema.processlist"
        " ON id = trx_mysql_thread_id WHERE db = DATABASE() AND trx_state = 'LOCK WAIT'"
    ),
}
# InnoDB makes up its answer anew only after a tenth of a second in which nobody has asked.
_PAUSE = {"postgresql": 0.0, "mysql": 0.15}
_SECONDS = 60


def wait_until_somebody_waits(or_has_ended: Future[None] | None = None) -> None:
    last = time.monotonic() + _SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < last:
            cursor.execute(_WAITING[connection.vendor])
            if cursor.fetchone()[0] or (or_has_ended and or_has_ended.done()):
                return
            time.sleep(_PAUSE[connection.vendor])
    raise AssertionError("Nobody waits.")
