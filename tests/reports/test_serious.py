"""Disease that must not wait, named in a report of something else."""

import pytest

from service.knowledge.wording import load_phrases
from service.reports.read import read_report

PHRASES = load_phrases()


@pytest.mark.parametrize(
    ("text", "serious"),
    [
        ("L3-L4: appearances of discitis with an epidural collection.", ("infection",)),
        ("Epidural abscess behind L5.", ("infection",)),
        ("Marrow lesion of L2 suspicious for metastatic disease.", ("tumour",)),
        ("Acute compression fracture of L1 with retropulsion.", ("fracture",)),
        ("Large L4-L5 extrusion with cauda equina compression.", ("cauda-equina",)),
        ("Dorsal epidural haematoma at L3.", ("haematoma",)),
        ("No fracture, discitis or metastasis. Left L5-S1 protrusion.", ()),
        ("Old wedge fracture of L2, unchanged.", ()),
        ("Bilateral pars fractures of L5.", ()),
        ("Clinical history: ?metastases.\nFindings: mild L4-L5 bulge.", ()),
        ("The discitis seen before has resolved.", ()),
        ("No pseudomeningocele, no discitis.", ()),
    ],
)
def test_serious_disease_is_noticed_when_stated_and_not_when_denied_old_or_asked_for(text, serious):
    assert read_report(text, PHRASES).serious == serious
