"""The demonstration: the main job, whole and real, on this machine alone."""

from service.demo.fhir_server import DemoServer, free_port
from service.demo.run import run

__all__ = ["DemoServer", "free_port", "run"]
