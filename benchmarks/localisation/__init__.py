"""How well the core localises, on simulated patients and on published cases."""
