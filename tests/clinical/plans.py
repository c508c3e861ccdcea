"""From named facts to a plan, with the shipped rules: short ways to say what was concluded."""

from service.clinical.anatomy import BOTH, Root, RootSide, Side
from service.clinical.answer import Concordance, Discordance, Localisation
from service.clinical.facts import answer_facts
from service.clinical.model import MODEL_ROOTS
from service.clinical.pathway import choose
from service.clinical.red_flags import watch

LEFT_L5 = RootSide(Root.L5, Side.LEFT)
RIGHT_L5 = RootSide(Root.L5, Side.RIGHT)
RIGHT_S1 = RootSide(Root.S1, Side.RIGHT)


def located(*named):
    chances = [
        (RootSide(root, side), 0.8 if RootSide(root, side) in named else 0.05)
        for root in MODEL_ROOTS
        for side in BOTH
    ]
    return Localisation(
        probabilities=tuple(chances),
        none=0.1 if named else 0.04,
        hypotheses=(),
        named=tuple(named),
        candidates=tuple(named),
        ledger=(),
        next_items=(),
        would_change="",
        statement="",
    )


def compared(status="undecided", *kinds):
    return Concordance(status, disagreements=tuple(Discordance(k, "", "") for k in kinds))


def plan_for(model, recorded, profile="default", *, named=(), status="undecided", kinds=()):
    localisation, concordance = located(*named), compared(status, *kinds)
    flags, rivals, _ = watch(recorded, model)
    concluded = answer_facts(localisation, concordance, flags, profile, "", rivals=rivals)
    return choose({**recorded, **concluded}, model, profile, localisation, concordance)


def actions(plan):
    return {step.action for step in plan.steps}


def steps_of(plan, action):
    return [step for step in plan.steps if step.action == action]


def asked(plan):
    return {question.item for question in plan.questions}
