import pytest

from service.knowledge.code_checks import mod10_holds, verhoeff_holds
from tests.knowledge.conftest import Damage

ROW = "verified,somewhere,editors,2026-11-22,"


@pytest.mark.parametrize("code", ["128196005", "2415007", "24028007", "16650241000119101"])
def test_published_snomed_codes_pass_verhoeff(code: str) -> None:
    assert verhoeff_holds(code)


@pytest.mark.parametrize("code", ["57310009", "82834004", "386845006", "128196050", "", "12a"])
def test_wrong_snomed_codes_met_in_the_wild_fail_verhoeff(code: str) -> None:
    assert not verhoeff_holds(code)


@pytest.mark.parametrize("code", ["30679-5", "32392-3", "1988-5", "777-3", "98979-8"])
def test_published_loinc_codes_pass_mod_10(code: str) -> None:
    # 777-3: 7*2=14 -> 5, 7, 7*2=14 -> 5; 5 + 7 + 5 = 17; 20 - 17 = 3
    assert mod10_holds(code)


@pytest.mark.parametrize("code", ["3236-2", "30679-6", "306795", "LA25710-7", ""])
def test_wrong_loinc_codes_fail_mod_10(code: str) -> None:
    assert not mod10_holds(code)


def test_a_snomed_code_with_a_wrong_check_digit_is_refused_by_line(refusal: Damage) -> None:
    more = f"http://snomed.info/sct,57310009,Lumbosacral,absent,{ROW}\n"
    why = refusal("codes/presence.csv", more=more)
    assert "codes/presence.csv line" in why
    assert "check digit of SNOMED CT 57310009 is wrong" in why


def test_a_loinc_code_with_a_wrong_check_digit_is_refused(refusal: Damage) -> None:
    why = refusal("codes/studies.csv", "24968-0", "24968-1")
    assert "check digit of LOINC 24968-1 is wrong" in why


def test_no_code_means_two_things(refusal: Damage) -> None:
    more = f"http://snomed.info/sct,2667000,Absent,present,{ROW}\n"
    why = refusal("codes/presence.csv", more=more)
    assert "http://snomed.info/sct 2667000 means two things, see codes/presence.csv line" in why


def test_a_row_that_is_there_twice_is_refused(refusal: Damage) -> None:
    more = f"http://snomed.info/sct,2667000,Absent,absent,{ROW}\n"
    assert "2667000 is there twice" in refusal("codes/presence.csv", more=more)


def test_a_code_for_a_finding_that_does_not_exist_is_refused(refusal: Damage) -> None:
    more = f"http://example.org,x,X,weak-everything,,present,{ROW}\n"
    assert "there is no finding 'weak-everything'" in refusal("codes/findings.csv", more=more)


def test_a_code_of_one_side_that_is_displayed_as_the_other_is_refused(refusal: Damage) -> None:
    swapped = refusal(
        "codes/body-sites.csv", '"Sciatica, right side",right', '"Sciatica, right side",left'
    )
    assert "is displayed as right and says left" in swapped


def test_a_family_in_a_system_without_hierarchy_is_refused(refusal: Damage) -> None:
    more = f"http://example.org,x*,X,condition,cancer,{ROW}\n"
    assert "only codes of ICD-10 and ATC" in refusal("codes/context.csv", more=more)


def test_a_body_site_that_says_nothing_or_something_odd_is_refused(refusal: Damage) -> None:
    nothing = refusal("codes/body-sites.csv", more=f"http://example.org,x,X,,,,{ROW}\n")
    assert "names neither side nor level nor root" in nothing
    odd = refusal("codes/body-sites.csv", more=f"http://example.org,x,X,,L5-L6,L9,{ROW}\n")
    assert "'L5-L6' is not a disc level" in odd
    assert "'L9' is not a root" in odd
