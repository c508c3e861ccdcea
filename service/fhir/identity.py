"""Who a written resource is: ids that derive from patient, episode and role, never from chance.

The same patient, episode and role give the same id and the same identifier for ever, so a second
write changes nothing and what is no longer produced can be found.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from functools import lru_cache

from service.fhir.canonical import Json, identifier_system
from service.fhir.pruning import Shared, SharedList


@dataclass(frozen=True, slots=True)
class Identity:
    """The names of one resource, made once.

    ``id`` is the one the server is asked to keep it under, ``identifiers`` its business identifier,
    ``request`` what puts it in its place and ``reference`` leads there from another entry.
    """

    resource_type: str
    id: str
    full_url: str
    identifiers: SharedList = field(compare=False)
    request: Shared = field(compare=False)
    reference: Shared = field(compare=False)


def key(patient: str, episode: str, *role: str) -> str:
    """32 hexadecimal digits for one output of one episode of one patient."""
    text = "\n".join((patient, episode, *role))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=1024)
def identity(resource_type: str, patient: str, episode: str, *role: str) -> Identity:
    """The identity of an output; the first part of ``role`` names its kind."""
    system, value = identifier_system(role[0]), key(patient, episode, resource_type, *role)
    full_url = _urn(f"{system}|{value}")
    return Identity(
        resource_type,
        f"lasegue-{value}",
        full_url,
        identifiers=SharedList([Shared(system=system, value=value)]),
        request=Shared(method="PUT", url=f"{resource_type}/lasegue-{value}"),
        reference=Shared(reference=full_url),
    )


def _urn(name: str) -> str:
    """The UUID of version 5 that names an address, as ``uuid.uuid5`` makes it."""
    text = uuid.NAMESPACE_URL.bytes + name.encode()
    made = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(made[16], 16) & 3]
    last = f"{variant}{made[17:20]}-{made[20:32]}"
    return f"urn:uuid:{made[:8]}-{made[8:12]}-5{made[13:16]}-{last}"


def plan_of(bundle: Json) -> dict[str, str]:
    """What a write-back Bundle writes: ``Type/id`` to ``system|value``, empty where it has none.

    Comparing two of these tells what was written before and is no longer produced.
    """
    return {
        entry["request"]["url"]: _identifier_of(entry["resource"])
        for entry in bundle.get("entry", [])
        if "resource" in entry
    }


def _identifier_of(resource: Json) -> str:
    identifiers = resource.get("identifier") or [{}]
    first = identifiers[0]
    return f"{first['system']}|{first['value']}" if "value" in first else ""
