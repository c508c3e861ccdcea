"""What this service wrote where, so that the next write can see whether someone changed it since."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.jobs.store import Store
from service.jobs.tables import stamp, written


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of one patient as it was written.

    ``reference`` is ``Type/id`` on the peer, ``identifier`` the business identifier, ``version`` the
    server's version id, ``digest`` of the content, ``event_keys`` the events that led to it.
    """

    patient: str
    reference: str
    identifier: str
    version: str
    digest: str
    event_keys: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """The last that was written to one place."""

    version: str
    digest: str
    identifier: str = ""
    event_keys: tuple[str, ...] = ()


class Ledger:
    """The record of writes, beside the events in the same store. All raise StoreUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, peer: str, rows: Iterable[Entry]) -> None:
        """Remember what was written; what is known of the same references is replaced."""
        values = [
            {
                "peer": peer,
                "patient": row.patient,
                "reference": row.reference,
                "identifier": row.identifier,
                "version": row.version,
                "digest": row.digest,
                "event_keys": json.dumps(row.event_keys),
                "at": stamp(row.at),
            }
            for row in rows
        ]
        if not values:
            return
        insert = self._store.insert(written)
        keep = ("identifier", "version", "digest", "event_keys", "at")
        upsert = insert.on_conflict_do_update(
            index_elements=["peer", "patient", "reference"],
            set_={name: insert.excluded[name] for name in keep},
        )
        with self._store.writing() as connection:
            connection.execute(upsert, values)

    def known(self, peer: str, patient: str) -> dict[str, Written]:
        """What was written for a patient, by ``Type/id``."""
        mine = sa.and_(written.c.peer == peer, written.c.patient == patient)
        with self._store.reading() as connection:
            rows = connection.execute(sa.select(written).where(mine)).all()
        return {
            row.reference: Written(
                row.version, row.digest, row.identifier, tuple(json.loads(row.event_keys))
            )
            for row in rows
        }

    def forget(self, peer: str, patient: str, references: Iterable[str]) -> None:
        """Drop what is no longer ours, such as a resource that was deleted."""
        mine = sa.and_(
            written.c.peer == peer,
            written.c.patient == patient,
            written.c.reference.in_(list(references)),
        )
        with self._store.writing() as connection:
            connection.execute(sa.delete(written).where(mine))
