"""A site's own codes: a CSV that says what each local code means, laid over the reviewed tables.

Columns: ``system, code, finding`` and, where the code carries it, ``side`` (left, right) and
``presence`` (present, absent); other columns are for the site. Lines that start with ``#`` are
comments. A code may be given twice only with the same meaning, also against the reviewed tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from marshmallow import EXCLUDE, ValidationError, fields

from service.clinical.coding import CodeMap, Coding
from service.clinical.model import CodedFinding, Model
from service.errors import KnowledgeError
from service.knowledge.code_tables import FindingRow, rows
from service.knowledge.pages import faults_of


class SiteRow(FindingRow):
    """One row; who reviewed it is the site's matter."""

    class Meta:
        """Columns of the site's own are left alone."""

        unknown = EXCLUDE

    status = fields.String(load_default="verified")
    source = fields.String(load_default="site")
    editor = fields.String(load_default="site")
    edited = fields.Date(load_default=date.min)


def with_site_codes(model: Model, file: Path) -> Model:
    """The model with a site's codes beside the reviewed ones, and a digest that says so.

    Raises :class:`KnowledgeError` naming file and line of every fault.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{file}: cannot be read as UTF-8 text") from error
    meanings, faults = dict(model.codes.findings.meanings), list[str]()
    names = {name: known.id for known in model.findings.values() for name in known.aliases}
    for line, coding, said in _parsed(text, file, faults):
        meaning = replace(said, finding=names.get(said.finding, said.finding))
        if meaning.finding not in model.findings:
            faults.append(f"{file} line {line}: there is no finding {meaning.finding!r}")
        elif meanings.setdefault(coding, meaning) != meaning:
            faults.append(f"{file} line {line}: {coding.code!r} means something else already")
    if faults:
        raise KnowledgeError("; ".join(faults))
    digest = hashlib.sha256(f"{model.digest}\n{text}".encode()).hexdigest()
    codes = replace(model.codes, findings=CodeMap(MappingProxyType(meanings)))
    return replace(model, codes=codes, digest=digest)


def _parsed(text: str, file: Path, faults: list[str]) -> Iterator[tuple[int, Coding, CodedFinding]]:
    schema = SiteRow()
    for line, row in rows(text.splitlines()):
        try:
            read = schema.load({name: cell for name, cell in row.items() if name})
        except ValidationError as error:
            faults.extend(f"{file} line {line}: {fault}" for fault in faults_of(error.messages))
        else:
            yield line, read.coding, read.meaning
