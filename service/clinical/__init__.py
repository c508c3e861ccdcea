"""The clinical core: values in, values out.

The law of this room: standard library only, no input or output, no clock, no chance. Everything the
core must be told arrives as a :class:`~service.clinical.findings.Case` and a
:class:`~service.clinical.model.Model`; everything it thinks leaves as an
:class:`~service.clinical.assess.Assessment`.
"""
