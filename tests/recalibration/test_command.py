"""``lasegue recalibrate``: what it takes, what it shows, and what it refuses."""

import random
import re

import pytest

from service import wiring
from service.cli import main
from service.knowledge.files import digest_of, load_model, read_contents
from service.recalibration.plot import svg_plot
from service.recalibration.sample import Refused, Scale
from service.recalibration.table import load_outcomes
from service.recalibration.trial import try_out
from service.settings import Settings
from service.web.assess import Wish
from tests.builders import a_model
from tests.recalibration.people import (
    as_bundles,
    as_probabilities,
    content,
    people,
    sample_of,
)

MADE = people(300, 0.5, 0.5)


def never(body):
    raise AssertionError("no Bundle is in this table")


@pytest.fixture(scope="module")
def rows():
    return as_probabilities(MADE)


def test_outcomes_become_an_edition_that_is_shown_and_used(run, table, rows, tmp_path, capsys):
    into, drawing = tmp_path / "site", tmp_path / "plot.svg"
    before = digest_of(read_contents())
    words = ["--population", "ward", "--label", "Ward 3", "--plot", drawing]
    assert run(table(rows), "--into", into, *words) == 0
    told = capsys.readouterr().out
    assert "Outcomes read: 300 of 300 rows, 2026-01-01 to 2026-06-29" in told
    for line in ("log loss", "calibration error", "calibration slope", "temper", "Drift"):
        assert re.search(rf"^{line}", told, re.M)
    assert "Use Bundles to be exact" in told
    assert drawing.read_text("utf-8").startswith("<svg")
    assert main(["check-mappings", str(into)]) == 0
    assert load_model(into).populations["ward"].label == "Ward 3"
    assert digest_of(read_contents()) == before


def test_the_order_of_rows_changes_nothing(run, table, rows, tmp_path, capsys):
    shuffled = list(rows)
    random.Random(3).shuffle(shuffled)
    digests, reports = [], []
    for name, given in (("a", rows), ("b", shuffled)):
        assert run(table(given), "--into", tmp_path / name) == 0
        digests.append(load_model(tmp_path / name).digest)
        reports.append(capsys.readouterr().out.split("Edition")[0])
    assert digests[0] == digests[1]
    assert reports[0] == reports[1]


def test_bundles_are_assessed_again_exactly(table, tmp_path):
    made = people(60, 0.5, 0.5)
    mind = wiring.mind(Settings())
    file = table(as_bundles(made, tmp_path))
    read = load_outcomes(file, Scale(mind.model), lambda body: mind.think(body, Wish())[0])
    assert read.exact
    assert read.faults == ()
    assert read.sample.outcomes == sample_of(made).outcomes


def test_bundles_become_an_edition(run, table, tmp_path, capsys):
    assert run(table(as_bundles(MADE[:200], tmp_path)), "--into", tmp_path / "site") == 0
    assert load_model(tmp_path / "site").combination.temper < 0.9
    assert "Use Bundles" not in capsys.readouterr().out


def test_an_unknown_truth_is_refused_by_line_and_not_quoted(run, table, rows, tmp_path, capsys):
    rows = [*rows[:5], {**rows[5], "truth": "Ada Fernhill"}, *rows[6:]]
    assert run(table(rows), "--into", tmp_path / "site") == 1
    told = capsys.readouterr()
    assert "line 7" in told.err
    assert "Fernhill" not in told.err + told.out
    assert not (tmp_path / "site").exists()


def test_a_few_unreadable_rows_are_listed_and_left_out(run, table, rows, tmp_path, capsys):
    broken = [{**row, "none": "Ada"} if i in (2, 9) else row for i, row in enumerate(rows)]
    assert run(table(broken), "--into", tmp_path / "site") == 0
    told = capsys.readouterr().out
    assert "Outcomes read: 298 of 300 rows" in told
    assert "line 4: a probability" in told
    assert "Ada" not in told


def test_a_row_with_a_cell_too_many_is_unreadable(table, rows):
    file = table(rows[:120])
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([*lines[:3], lines[3] + ",more", *lines[4:]]), "utf-8")
    read = load_outcomes(file, Scale(a_model()), never)
    assert [line for line, _ in read.faults] == [4]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"none": ""}, "not a number"),
        ({"none": "nan"}, "between 0 and 1"),
        ({"l5-left": "1.5"}, "between 0 and 1"),
        ({"date": "31.3.2026"}, "2026-03-31"),
        ({"age": "old"}, "not a number"),
        ({"age": "430"}, "in years"),
    ],
)
def test_more_than_a_twentieth_unreadable_is_refused_by_line(table, rows, broken, said):
    file = table([{**row, **broken} if i < 16 else row for i, row in enumerate(rows)])
    with pytest.raises(Refused, match="16 of 300 rows cannot be read") as refused:
        load_outcomes(file, Scale(a_model()), never)
    assert re.search(rf"line 2: [^;]*{said}", str(refused.value))


def test_bundles_that_are_missing_or_no_bundles_are_unreadable(run, table, tmp_path, capsys):
    rows = as_bundles(MADE[:40], tmp_path)
    (tmp_path / "b0.json").write_text("{", "utf-8")
    (tmp_path / "b1.json").unlink()
    rows[2]["truth"] = "l3-left+s1-left"
    assert run(table(rows), "--into", tmp_path / "site") == 1
    told = capsys.readouterr().err
    assert "line 2: the Bundle cannot be understood" in told
    assert "line 3: the Bundle is not there" in told
    assert "line 4: its roots are never thought of together" in told


@pytest.mark.parametrize(
    "text", [b"", b"truth,none\n", b"truth,none\nnone,1\n", b"\xff\xfe", b'truth,bundle\n"x']
)
def test_what_is_no_table_of_outcomes_is_refused(run, tmp_path, text, capsys):
    file = tmp_path / "outcomes.csv"
    file.write_bytes(text)
    assert run(file, "--into", tmp_path / "site") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_too_few_outcomes_are_refused(run, table, rows, tmp_path, capsys):
    assert run(table(rows[:99]), "--into", tmp_path / "site") == 1
    assert "at least 100" in capsys.readouterr().err


def test_drift_is_shown_and_refused(run, table, rows, tmp_path, capsys):
    other = as_probabilities(people(150, 1.4, 0.15, 5))
    newer = [{**row, "date": row["date"].replace("2026", "2027")} for row in other]
    assert run(table([*rows[:150], *newer]), "--into", tmp_path / "site") == 1
    told = capsys.readouterr()
    assert "Drift" in told.err
    assert "log loss" in told.out
    assert not (tmp_path / "site").exists()


def test_a_fit_that_is_no_better_is_refused(run, table, tmp_path, capsys):
    every = (content(seed) for seed in range(20))
    made = next(m for m in every if "does not improve" in " ".join(try_out(sample_of(m)).against))
    assert run(table(as_bundles(made, tmp_path)), "--into", tmp_path / "site") == 1
    assert "does not improve" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_folder_in_use_is_refused_before_anything_is_read(run, tmp_path, capsys):
    assert run(tmp_path / "nothing.csv", "--into", tmp_path) == 1
    assert "not an empty folder" in capsys.readouterr().err


def test_an_unknown_population_so_far_is_wrong_usage(run, table, rows, tmp_path):
    assert run(table(rows), "--into", tmp_path / "site", "--before", "everybody") == 2


def test_the_population_in_use_so_far_is_where_the_fit_begins(run, table, rows, tmp_path, capsys):
    given = ["--before", "primary-care", "--into", tmp_path / "site"]
    run(table(rows), *given)
    (line,) = re.findall(r"^share with no root\s+(\S+)", capsys.readouterr().out, re.M)
    assert float(line) == pytest.approx(a_model().populations["primary-care"].none)


def test_the_drawing_is_the_same_bytes_and_shows_both(trial):
    drawing = svg_plot(trial)
    assert drawing == svg_plot(trial)
    assert drawing.count("<circle") == len(trial.before.bins) + len(trial.after.bins) + 2
    assert "400 confirmed outcomes" in drawing
