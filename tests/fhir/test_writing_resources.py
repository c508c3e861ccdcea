"""What each type of resource carries."""

from __future__ import annotations

import pytest

from service.clinical.anatomy import Side
from service.clinical.answer import Change, Question
from service.clinical.findings import IssueKind
from tests.builders import (
    AS_OF,
    LEFT_L5,
    LEFT_S1,
    a_case,
    a_discordance,
    a_finding,
    a_flag,
    a_goal,
    a_localisation,
    a_model,
    a_plan,
    a_step,
    a_weight,
    an_abstention,
    an_assessment,
    an_eventful_assessment,
    an_injection,
    an_issue,
)
from tests.fhir.test_writing import resources, written

BASE = "https://lasegue.example/fhir"


def one(bundle, kind):
    (resource,) = resources(bundle, kind)
    return resource


def with_steps(*steps):
    return written(an_assessment(plan=a_plan(steps=steps)))


def place_of(bundle, reference):
    places = {e["fullUrl"]: e["request"]["url"] for e in bundle["entry"]}
    return places[reference["reference"]].partition("/")[0]


class TestRiskAssessment:
    def test_every_root_and_side_and_none_has_a_probability(self):
        risk = one(written(), "RiskAssessment")
        codes = [p["outcome"]["coding"][0]["code"] for p in risk["prediction"]]
        assert set(codes) == {
            f"{root}-{side}" for root in ("l3", "l4", "l5", "s1") for side in ("left", "right")
        } | {"none"}
        assert codes[0] == "l5-left"
        assert {c["outcome"]["coding"][0]["system"] for c in risk["prediction"]} == {
            f"{BASE}/CodeSystem/nerve-root"
        }

    def test_probabilities_have_four_digits(self):
        risk = one(written(), "RiskAssessment")
        assert risk["prediction"][1]["probabilityDecimal"] == 0.0123
        assert risk["prediction"][-1]["probabilityDecimal"] == 0.08

    def test_the_rationale_is_the_strongest_lines_of_the_ledger(self):
        lines = tuple(a_weight(by=by, sentence=f"Line {by}.") for by in (0.1, -2.0, 1.0, 0.5))
        risk = one(
            written(an_assessment(localisation=a_localisation(ledger=lines))), "RiskAssessment"
        )
        assert risk["prediction"][0]["rationale"] == (
            "Line -2.0 (-2.00). Line 1.0 (+1.00). Line 0.5 (+0.50)."
        )

    def test_method_is_the_population_and_basis_the_versions_read(self):
        risk = one(written(), "RiskAssessment")
        assert risk["status"] == "preliminary"
        assert risk["method"]["coding"][0]["system"] == f"{BASE}/CodeSystem/population"
        assert risk["method"]["coding"][0]["code"] == "primary-care"
        basis = {r["reference"] for r in risk["basis"]}
        assert "Observation/reduced-achilles-reflex/_history/1" in basis
        assert "DiagnosticReport/r1/_history/3" in basis

    def test_the_condition_is_linked_only_when_there_is_one(self):
        assert place_of(written(), one(written(), "RiskAssessment")["condition"]) == "Condition"
        undecided = written(an_assessment(localisation=an_abstention(LEFT_L5, LEFT_S1)))
        assert "condition" not in one(undecided, "RiskAssessment")


class TestClinicalImpression:
    def test_each_line_of_the_ledger_is_a_finding_with_its_record(self):
        made = one(written(), "ClinicalImpression")
        (finding,) = made["finding"]
        assert finding["itemReference"]["reference"] == (
            "Observation/weakness-great-toe-extension/_history/1"
        )
        assert finding["itemCodeableConcept"]["coding"][0]["code"] == "weakness-great-toe-extension"
        assert "left L5 +1.20" in finding["basis"]
        assert made["status"] == "in-progress"

    def test_a_finding_read_from_a_report_is_named_but_not_referred_to(self):
        report = a_weight(kind="imaging", finding=a_finding("x", source=a_case().studies[0].report))
        found = an_assessment(localisation=a_localisation(ledger=(report,)))
        (finding,) = one(written(found), "ClinicalImpression")["finding"]
        assert "itemReference" not in finding
        assert "DiagnosticReport/r1/_history/3" in finding["basis"]

    def test_it_says_what_next_what_would_change_it_and_what_was_not_used(self):
        made = one(written(an_eventful_assessment()), "ClinicalImpression")
        notes = [n["text"] for n in made["note"]]
        assert any(
            n.startswith("Worth recording: Ankle reflex reduced on the left.") for n in notes
        )
        assert any(n.startswith("What would change it:") for n in notes)
        assert any(n.startswith("To consider: Hip disease.") for n in notes)
        assert any(n.startswith("Not used (not-understood):") for n in notes)

    def test_it_says_what_became_worse_and_which_mimic_is_not_excluded(self):
        worse = Change(
            "weakness-ankle-dorsiflexion", Side.LEFT, "4", "3", AS_OF, "Strength fell.", "strength"
        )
        mimic = ("peroneal", "Peroneal nerve", "Test inversion.")
        assessment = an_assessment(progression=(worse,), open_rivals=(mimic,))
        made = one(written(assessment), "ClinicalImpression")
        notes = [n["text"] for n in made["note"]]
        assert "Worse: Strength fell." in notes
        assert "Not excluded: Peroneal nerve. Test inversion." in notes

    def test_the_records_are_investigations_by_kind(self):
        made = one(written(), "ClinicalImpression")
        exam, imaging = made["investigation"]
        assert all(r["reference"].startswith("Observation/") for r in exam["item"])
        assert {r["reference"].partition("/")[0] for r in imaging["item"]} == {
            "DiagnosticReport",
            "ImagingStudy",
        }


class TestCarePlan:
    def test_it_is_a_draft_and_a_proposal_for_the_named_problem(self):
        bundle = written()
        plan = one(bundle, "CarePlan")
        assert (plan["status"], plan["intent"]) == ("draft", "proposal")
        assert [place_of(bundle, r) for r in plan["addresses"]] == ["Condition"]
        assert [place_of(bundle, r) for r in plan["goal"]] == ["Goal"] * 3

    def test_each_step_is_one_activity_coded_by_its_action(self):
        plan = one(written(), "CarePlan")
        actions = [a["detail"]["code"]["coding"][0] for a in plan["activity"]]
        assert [a["code"] for a in actions] == [
            "self",
            "physio",
            "mri-plain",
            "esi-consider",
            "surg-opinion",
            "drug-avoid",
            "conflict",
        ]
        assert {a["system"] for a in actions} == {f"{BASE}/CodeSystem/pathway-action"}

    def test_advice_against_is_marked_as_such_and_never_ordered(self):
        against = a_step("mri-plain", order="imaging", against=True)
        bundle = with_steps(against)
        (activity,) = one(bundle, "CarePlan")["activity"]
        assert activity["detail"]["doNotPerform"] is True
        assert not resources(bundle, "ServiceRequest")

    def test_reason_source_strength_and_profile_are_on_each_step(self):
        (activity,) = one(with_steps(a_step()), "CarePlan")["activity"]
        detail = activity["detail"]
        for said in ("Supervised exercise", "Reason: Pain for five weeks", "Strength: weak for"):
            assert said in detail["description"]
        assert a_model().citations["suri2011"].text in detail["description"]
        (basis,) = detail["extension"]
        codes = {
            c["system"].rpartition("/")[2]: c["code"]
            for c in basis["valueCodeableConcept"]["coding"]
        }
        assert codes == {
            "rule": "rule-physio",
            "topic": "physiotherapy",
            "source": "suri2011",
            "strength": "weak-for",
            "profile": "default",
        }

    def test_a_step_is_aimed_at_root_side_and_foramen(self):
        (activity,) = one(with_steps(an_injection(LEFT_S1)), "CarePlan")["activity"]
        (target,) = (
            x["valueCodeableConcept"]
            for x in activity["detail"]["extension"]
            if x["url"] == f"{BASE}/StructureDefinition/target-site"
        )
        assert [c["code"] for c in target["coding"]] == ["s1-left", "left", "s1-dorsal-sacral-left"]
        assert (
            target["text"] == "Target: left S1 root, reached at the left S1 dorsal sacral foramen"
        )

    def test_the_foramen_of_l5_is_l5_s1(self):
        (activity,) = one(with_steps(an_injection(LEFT_L5)), "CarePlan")["activity"]
        target = activity["detail"]["extension"][1]["valueCodeableConcept"]
        assert target["coding"][2]["code"] == "l5-s1-left"

    def test_a_step_without_a_date_has_no_window(self):
        (activity,) = one(with_steps(a_step(due_days=None)), "CarePlan")["activity"]
        assert "scheduledPeriod" not in activity["detail"]

    def test_an_order_is_linked_beside_the_detail_not_instead_of_it(self):
        bundle = with_steps(a_step(order="physiotherapy"))
        (activity,) = one(bundle, "CarePlan")["activity"]
        assert "reference" not in activity
        (link,) = activity["extension"]
        assert place_of(bundle, link["valueReference"]) == "ServiceRequest"


class TestServiceRequest:
    @pytest.mark.parametrize(
        ("action", "order", "code"),
        [
            ("mri-plain", "imaging", "30679-5"),
            ("mri-contrast", "imaging", "24967-2"),
            ("emerg-mri", "imaging", "24968-0"),
            ("physio", "physiotherapy", "306170007"),
            ("esi-consider", "injection", "3E0S33Z"),
            ("edx", "electrodiagnosis", "306276006"),
            ("orthosis", "orthosis", "L1930"),
        ],
    )
    def test_an_order_has_its_standard_code_and_the_action(self, action, order, code):
        made = one(with_steps(a_step(action, order=order)), "ServiceRequest")
        codes = [c["code"] for c in made["code"]["coding"]]
        assert codes[0] == code
        assert codes[-1] == action
        assert (made["status"], made["intent"]) == ("draft", "proposal")

    def test_other_imaging_is_not_coded_as_mri(self):
        made = one(with_steps(a_step("img-other", order="imaging")), "ServiceRequest")
        assert [c["code"] for c in made["code"]["coding"]] == ["img-other"]

    @pytest.mark.parametrize(
        ("urgency", "priority"),
        [
            ("stat", "stat"),
            ("urgent", "urgent"),
            ("asap", "asap"),
            ("", "routine"),
            ("?", "routine"),
        ],
    )
    def test_urgency_is_the_priority(self, urgency, priority):
        step = a_step("mri-plain", order="imaging", urgency=urgency)
        assert one(with_steps(step), "ServiceRequest")["priority"] == priority

    def test_an_injection_names_root_side_and_foramen(self):
        bundle = with_steps(an_injection())
        made = one(bundle, "ServiceRequest")
        assert made["bodySite"][0]["coding"][0]["code"] == "l5-left"
        assert [c["code"] for c in made["orderDetail"][0]["coding"]][2] == "l5-s1-left"
        assert place_of(bundle, made["reasonReference"][0]) == "Condition"
        assert place_of(bundle, made["basedOn"][0]) == "CarePlan"

    def test_two_orders_of_one_rule_are_two_resources(self):
        step = a_step(order="physiotherapy")
        made = resources(with_steps(step, step), "ServiceRequest")
        assert len({r["id"] for r in made}) == 2


class TestGoal:
    def test_a_goal_has_measure_change_and_date(self):
        goal = resources(written(), "Goal")[0]
        (target,) = goal["target"]
        assert goal["lifecycleStatus"] == "proposed"
        assert [c["code"] for c in target["measure"]["coding"]] == ["leg-pain-nrs", "72514-3"]
        assert target["detailQuantity"]["value"] == 2
        assert target["detailQuantity"]["comparator"] == ">="
        assert target["dueDate"] == "2027-01-03"
        assert "2 points of 10" in goal["note"][0]["text"]

    def test_a_due_date_beyond_the_calendar_is_its_last_day(self):
        goals = (a_goal(due_days=10**9),)
        goal = one(written(an_assessment(plan=a_plan(goals=goals))), "Goal")
        assert goal["target"][0]["dueDate"] == "9999-12-31"


class TestDetectedIssue:
    def kinds(self, assessment):
        made = resources(written(assessment), "DetectedIssue")
        return [i["code"]["coding"][0]["code"] for i in made]

    def test_there_is_one_for_each_thing_to_look_at(self):
        assert self.kinds(an_eventful_assessment()) == [
            "red-flag",
            "red-flag",
            "side",
            "numbering-uncertain",
            "contraindication",
            "guideline-conflict",
            "conflicting-record",
        ]

    def test_it_has_one_sentence_one_action_and_the_records(self):
        issue = resources(written(an_eventful_assessment()), "DetectedIssue")[2]
        assert (issue["status"], issue["severity"]) == ("preliminary", "high")
        assert issue["detail"] == a_discordance().sentence
        (mitigation,) = issue["mitigation"]
        assert mitigation["action"]["text"] == a_discordance().action
        assert issue["evidence"][0]["detail"][0]["reference"] == "DiagnosticReport/r1/_history/3"

    def test_silence_when_there_is_nothing_to_act_on(self):
        quiet = an_assessment(plan=a_plan(steps=(a_step(),)))
        assert self.kinds(quiet) == []

    def test_advice_that_holds_for_everybody_is_no_issue(self):
        rule = next(r for r in a_model().rules if r.id == "drug-general-uk")
        step = a_step("drug-avoid", rule=rule.id, against=True)
        assert self.kinds(an_assessment(plan=a_plan(steps=(step,)))) == []

    def test_advice_about_this_person_is_an_issue(self):
        step = a_step("esi-blocked", rule="injection-anticoagulant")
        assert self.kinds(an_assessment(plan=a_plan(steps=(step,)))) == ["contraindication"]

    def test_sources_that_disagree_are_one_issue_with_each_strength(self):
        rules = [r for r in a_model().rules if r.id.startswith("conflict-nsaid")]
        steps = tuple(
            a_step("conflict", rule=r.id, sentence=r.sentence, strength=r.strength) for r in rules
        )
        assert len(steps) > 1
        bundle = with_steps(*steps)
        issue = one(bundle, "DetectedIssue")
        for rule in rules:
            assert rule.sentence.rstrip(".") in issue["detail"]
            assert rule.strength in issue["detail"]

    def test_an_unknown_severity_is_moderate(self):
        odd = an_eventful_assessment()
        odd = an_assessment(
            concordance=type(odd.concordance)(
                "discordant", disagreements=(a_discordance(severity="?"),)
            ),
            plan=a_plan(steps=()),
        )
        assert one(written(odd), "DetectedIssue")["severity"] == "moderate"


class TestGuidanceResponse:
    def test_the_request_is_the_event(self):
        made = one(written(event="e1"), "GuidanceResponse")
        assert made["requestIdentifier"]["value"] == "e1"
        assert made["moduleUri"] == f"{BASE}/PlanDefinition/sciatica-pathway"
        assert place_of(written(), made["result"]) == "CarePlan"

    def test_each_missing_item_is_a_data_requirement(self):
        asked = (
            Question("start-back-total", "Not recorded: STarT Back."),
            Question("egfr", "Not recorded: kidney function."),
            Question("report", "Not recorded: the report."),
            Question("order-aim", "Not recorded: root and side of the order."),
        )
        plan = a_plan(questions=asked)
        made = one(written(an_assessment(plan=plan)), "GuidanceResponse")
        assert made["status"] == "data-requested"
        wanted = [
            (d["type"], d["codeFilter"][0]["code"][0]["code"]) for d in made["dataRequirement"]
        ]
        assert wanted == [
            ("Observation", "start-back-total"),
            ("Observation", "egfr"),
            ("DiagnosticReport", "report"),
            ("ServiceRequest", "order-aim"),
        ]
        assert [n["text"] for n in made["note"]] == [q.sentence for q in asked]

    def test_items_of_a_suspected_flag_are_asked_for_first(self):
        flag = a_flag(status="suspected", unanswered=("saddle-sensory-loss",))
        made = one(written(an_assessment(flags=(flag,))), "GuidanceResponse")
        first = made["dataRequirement"][0]
        assert first["codeFilter"][0]["code"][0]["code"] == "saddle-sensory-loss"

    def test_nothing_missing_is_success(self):
        made = one(written(an_assessment(plan=a_plan(questions=()))), "GuidanceResponse")
        assert made["status"] == "success"
        assert "dataRequirement" not in made

    def test_nothing_proposed_without_the_data_is_data_required(self):
        made = one(written(an_assessment(plan=a_plan(steps=()))), "GuidanceResponse")
        assert made["status"] == "data-required"

    def test_what_was_not_used_is_listed_with_its_reason(self):
        issues = tuple(an_issue(kind=kind) for kind in IssueKind)
        made = one(written(an_assessment(issues=issues)), "GuidanceResponse")
        (outcome,) = made["contained"]
        assert made["evaluationMessage"] == [{"reference": f"#{outcome['id']}"}]
        assert len(outcome["issue"]) == len(IssueKind)
        assert outcome["issue"][0]["details"]["text"] == "The code is not in the vocabulary."
        assert outcome["issue"][0]["expression"] == ["Observation.code"]


class TestFlagsAndTasks:
    def test_a_met_flag_is_active_and_a_suspected_one_is_not_written(self):
        bundle = written(an_eventful_assessment())
        flag = one(bundle, "Flag")
        assert flag["status"] == "active"
        assert flag["code"]["coding"][0]["code"] == "cauda-equina"

    def test_an_emergency_is_a_stat_task_on_its_flag_with_the_records_that_match(self):
        bundle = written(an_eventful_assessment())
        task = resources(bundle, "Task")[0]
        assert (task["status"], task["intent"], task["priority"]) == (
            "requested",
            "proposal",
            "stat",
        )
        assert place_of(bundle, task["focus"]) == "Flag"
        assert task["input"][0]["valueReference"]["reference"] == (
            "Observation/weakness-great-toe-extension/_history/1"
        )

    def test_a_flag_that_does_not_stop_is_urgent(self):
        task = resources(written(an_assessment(flags=(a_flag(stops=False),))), "Task")[0]
        assert task["priority"] == "urgent"

    @pytest.mark.parametrize(
        ("assessment", "priority"),
        [
            (an_assessment(), "routine"),
            (an_assessment(flags=(a_flag(status="suspected"),)), "urgent"),
            (an_eventful_assessment(), "urgent"),
        ],
    )
    def test_the_draft_is_always_put_before_a_person(self, assessment, priority):
        bundle = written(assessment)
        task = resources(bundle, "Task")[-1]
        assert task["code"]["coding"][0]["code"] == "draft-review"
        assert task["priority"] == priority
        assert place_of(bundle, task["focus"]) == "CarePlan"


class TestProvenance:
    def test_it_covers_everything_written_with_it(self):
        bundle = written(an_eventful_assessment())
        made = one(bundle, "Provenance")
        assert [t["reference"] for t in made["target"]] == [
            e["fullUrl"] for e in bundle["entry"][:-1]
        ]
        assert made["recorded"] == "2026-11-22T10:00:00Z"

    def test_its_entities_are_the_versions_read_then_knowledge_and_population(self):
        made = one(written(), "Provenance")
        *read, knowledge, population = made["entity"]
        assert {e["role"] for e in made["entity"]} == {"source"}
        assert [e["what"]["reference"] for e in read] == sorted(
            [
                "DiagnosticReport/r1/_history/3",
                "ImagingStudy/s1/_history/1",
                "Observation/reduced-achilles-reflex/_history/1",
                "Observation/sensory-loss-dorsum-foot/_history/1",
                "Observation/weakness-great-toe-extension/_history/1",
                "Patient/p1/_history/2",
            ]
        )
        assert knowledge["what"]["identifier"]["value"] == a_model().digest
        assert population["what"]["identifier"]["value"] == "primary-care"
        assert made["policy"] == [f"{BASE}/Library/knowledge|{a_model().digest}"]

    def test_the_agent_is_the_software_with_its_version(self):
        made = one(written(software="0.1.0"), "Provenance")
        (device,) = made["contained"]
        (agent,) = made["agent"]
        assert agent["who"]["reference"] == f"#{device['id']}"
        assert {v["value"] for v in device["version"]} == {"0.1.0", a_model().edition}
        assert made["meta"]["security"][0]["code"] == "AIAST"
