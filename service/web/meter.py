"""What happened at the doors since the start, counted for Prometheus. No patient is in a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock

ACCEPTED = "lasegue_events_accepted_total"
HEARD = "lasegue_notifications_without_event_total"
REFUSED = "lasegue_requests_refused_total"
_HELP = {
    ACCEPTED: "Events remembered durably since the start, by peer; fresh is false for repeats",
    HEARD: "Handshakes, heartbeats and events of no interest since the start, by peer",
    REFUSED: "Requests refused since the start, by HTTP status",
}


class Meter:
    """Counters that threads share."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        self._lock = Lock()

    def accepted(self, peer: str, *, fresh: bool) -> None:
        """Count an event that is durable now."""
        self._add(ACCEPTED, peer=peer, fresh=str(fresh).lower())

    def heard(self, peer: str, kind: str) -> None:
        """Count a notification that leads to nothing: handshake, heartbeat or ignored."""
        self._add(HEARD, peer=peer, kind=kind)

    def refused(self, status: int) -> None:
        """Count a request that was answered with an error."""
        self._add(REFUSED, status=str(status))

    def _add(self, name: str, **labels: str) -> None:
        with self._lock:
            self._counts[name, tuple(labels.items())] += 1

    def lines(self) -> list[str]:
        """The counters in the Prometheus text format."""
        with self._lock:
            counts = sorted(self._counts.items())
        found: list[str] = []
        for name, text in _HELP.items():
            found += header(name, "counter", text)
            found += [sample(n, dict(labels), v) for (n, labels), v in counts if n == name]
        return found


def header(name: str, kind: str, text: str) -> list[str]:
    """The two comment lines before the samples of a metric."""
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def sample(name: str, labels: Mapping[str, str], value: float) -> str:
    """One line of the Prometheus text format."""
    inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{inner}}} {value:g}" if inner else f"{name} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
