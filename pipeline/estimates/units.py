"""The respondents of one question in one wave: what machine, ticks and reviews say about each code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import TableError, problem
from pipeline.estimates.audit import REVIEWERS, Design, best_review, read_design, standing, verdicts
from pipeline.estimates.columns import asked_alike, columns_of, per_column
from pipeline.tables import ANSWER, FOREIGN

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """The respondents in the base of one question and wave, one row each; the codes were asked of the same answers."""

    question: str
    wave: str | None
    codes: tuple[str, ...]
    place: tuple[int, ...]  # of each code among all codes and nets of the question
    nets: frozenset[str]
    groups: tuple[str, ...]
    assumed_random: bool
    incomplete: bool
    group: Ints  # (units,) place in `groups`; len(groups) when unknown
    weight: Floats  # (units,)
    stands_for: Floats  # (units,) unreviewed answers this audited one speaks for, up to a factor; 0: for none
    reviewed: Bools  # (units,)
    settled: Bools  # (units,) every answer was audited, and these codes were asked, or it holds no text to code
    machine: Bools  # (units, codes)
    ticked: Bools  # (units, codes)
    found: Bools  # (units, codes) holds according to a review


@dataclass(frozen=True)
class _Coded:
    """The codings that can matter, as aligned arrays; `position` is the answer's row."""

    position: Ints
    code: Ints
    applied: Bools
    role: NDArray[np.object_]

    def __getitem__(self, mask: Bools) -> _Coded:
        return _Coded(self.position[mask], self.code[mask], self.applied[mask], self.role[mask])


@dataclass(frozen=True)
class _Base:
    """Per answer: holds text to code; is in another language and was reviewed; counts in the base."""

    text: Bools
    foreign: Bools
    counts: Bools


def collect_units(
    codings: pd.DataFrame,
    answers: pd.DataFrame,
    sample: pd.DataFrame | None,
    codes: Mapping[str, Sequence[str]],
    nets: Mapping[str, Mapping[str, Sequence[str]]],
) -> Iterator[Units]:
    """Yield the respondents of every question and wave, in the order of question and wave.

    Codes that were not asked of the same audited answers (a codebook that changed during the review) come apart, each
    with the answers that were reviewed for it.

    Codings of answers that are not in `answers` are left out. Training and second codings never count, except that
    any review brings an answer in another language into the base, with the codes it was given.

    Args:
        codings: contract CODINGS.
        answers: contract ANSWERS.
        sample: contract SAMPLE; None when the audit's design is not known.
        codes: question -> codes that get a row even if they never occur, in the wanted order.
        nets: question -> net -> the codes under it; see `columns.net_members`.
    """
    answers = answers.reset_index(drop=True)
    answers = answers.assign(**{name: answers[name].replace("", None) for name in ("group", "wave")})
    coded, names = _read_codings(codings, answers)
    design = read_design(sample, answers)
    base = _base(answers, coded)
    question, wave = pd.Categorical(answers["question"]), pd.Categorical(answers["wave"])
    cell = question.codes.astype(np.int64) * (len(wave.categories) + 1) + wave.codes.astype(np.int64) + 1
    found: list[tuple[str, str, Ints]] = []
    for number in np.unique(cell[base.counts]):
        rows = np.flatnonzero(base.counts & (cell == number))
        of_wave = wave.codes[rows[0]]
        label = "" if of_wave < 0 else str(wave.categories[of_wave])
        found.append((str(question.categories[question.codes[rows[0]]]), label, rows))
    for of_question, label, rows in sorted(found, key=lambda item: item[:2]):
        wanted, under = codes.get(of_question, ()), nets.get(of_question, {})
        for units in _units(answers, rows, base, coded, names, design, wanted, under):
            yield replace(units, question=of_question, wave=label or None)


def _read_codings(codings: pd.DataFrame, answers: pd.DataFrame) -> tuple[_Coded, list[str]]:
    code, role = pd.Categorical(codings["code"]), pd.Categorical(codings["role"])
    position = pd.Index(answers["answer_id"]).get_indexer(pd.Index(codings["answer_id"]))
    roles = np.asarray(role.categories, dtype=object)
    coded = _Coded(
        position.astype(np.int64),
        code.codes.astype(np.int64),
        codings["applied"].to_numpy(dtype=bool),
        roles[role.codes] if len(codings) else np.zeros(0, dtype=object),
    )
    return coded[position >= 0], [str(name) for name in code.categories]


def _base(answers: pd.DataFrame, coded: _Coded) -> _Base:
    ticked, by_person = np.zeros(len(answers), dtype=bool), np.zeros(len(answers), dtype=bool)
    ticked[coded.position[(coded.role == "tick") & coded.applied]] = True
    by_person[coded.position[np.isin(coded.role, REVIEWERS)]] = True
    text = (answers["status"] == ANSWER).to_numpy(dtype=bool)
    foreign = (answers["status"] == FOREIGN).to_numpy(dtype=bool) & by_person
    return _Base(text, foreign, text | ticked | foreign)


def _units(
    answers: pd.DataFrame,
    rows: Ints,
    base: _Base,
    coded: _Coded,
    names: Sequence[str],
    design: Design,
    wanted: Sequence[str],
    nets: Mapping[str, Sequence[str]],
) -> Iterator[Units]:
    group, groups = _groups(answers, rows)
    unit, count = _respondents(answers, rows, group)
    local = np.full(len(answers), -1, dtype=np.int64)
    local[rows] = unit
    mine = coded[local[coded.position] >= 0]
    codes, mine = _renumber(mine, names, wanted)
    columns = columns_of(codes, nets)
    named = tuple(columns)

    def matrix(chosen: Bools) -> Bools:
        out = np.zeros((count, len(codes)), dtype=bool)
        out[local[mine.position[chosen]], mine.code[chosen]] = True
        return joined(out)

    def joined(matrix: Bools) -> Bools:
        return per_column(matrix, columns, np.any)

    def per_unit(values: NDArray[np.generic]) -> Floats:
        return np.bincount(unit, weights=values.astype(float), minlength=count).astype(float)

    audit = mine[(mine.role == "audit") & ~base.foreign[mine.position]]
    position, code, applied = best_review(mine.position, mine.code, mine.applied, mine.role, base.foreign)
    reviewed, holds, asked = verdicts(
        np.concatenate([audit.position, position]), np.concatenate([audit.code, code]),
        np.concatenate([audit.applied, applied]), len(codes),
    )  # fmt: skip
    if holds[asked].all() and not asked[:, asked.any(axis=0)].all():
        raise TableError(
            problem(place=f"table codings, question {answers['question'].iloc[rows[0]]}",
                    found="reviews that name only the codes that apply",
                    expected="in every review a row for each code that was asked, applied or not")
        )  # fmt: skip
    said: Bools = np.zeros((count, len(codes)), dtype=bool)
    np.logical_or.at(said, local[reviewed], holds)
    weight = np.zeros(count)
    weight[unit] = _weights(answers, rows)
    unit_group = np.zeros(count, dtype=np.int64)
    unit_group[unit] = group
    machine = matrix((mine.role == "machine") & mine.applied & base.text[mine.position])
    ticked, found = matrix((mine.role == "tick") & mine.applied), joined(said)
    text, foreign = base.text[rows], base.foreign[rows]
    asked = per_column(asked, columns, np.all)
    for place in asked_alike(asked):
        seen = np.zeros(len(answers), dtype=bool)
        seen[reviewed[asked[:, place[0]]]] = True
        read = seen[rows]
        speaks = standing(design, rows, read & text, text)
        settled = per_unit((text | foreign) & ~read) == 0
        yield Units(
            question="",
            wave=None,
            codes=tuple(named[number] for number in place),
            place=tuple(place),
            nets=frozenset(nets),
            groups=groups,
            assumed_random=speaks.assumed_random,
            incomplete=speaks.incomplete,
            group=unit_group,
            weight=weight,
            stands_for=np.where(settled, per_unit(speaks.weight), 0.0),
            reviewed=settled & (per_unit(read) > 0),
            settled=settled,
            machine=machine[:, place],
            ticked=ticked[:, place],
            found=found[:, place],
        )


def _renumber(coded: _Coded, names: Sequence[str], wanted: Sequence[str]) -> tuple[tuple[str, ...], _Coded]:
    used = {names[number] for number in np.unique(coded.code)}
    codes = (*dict.fromkeys(wanted), *sorted(used - set(wanted)))
    place = {name: number for number, name in enumerate(codes)}
    number = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    return codes, replace(coded, code=number[coded.code] if len(names) else coded.code)


def _groups(answers: pd.DataFrame, rows: Ints) -> tuple[Ints, tuple[str, ...]]:
    group = pd.Categorical(answers["group"].iloc[rows])
    names = tuple(str(name) for name in group.categories)
    codes = group.codes.astype(np.int64)
    return np.where(codes < 0, len(names), codes), names


def _respondents(answers: pd.DataFrame, rows: Ints, group: Ints) -> tuple[Ints, int]:
    """Return each answer's respondent, numbered; a respondent with two answers to one question counts once."""
    person, _ = pd.factorize(answers["respondent_id"].iloc[rows])
    unit, _ = pd.factorize(person.astype(np.int64) * (group.max() + 1) + group)
    return unit.astype(np.int64), int(unit.max()) + 1


def _weights(answers: pd.DataFrame, rows: Ints) -> Floats:
    """Return weights with mean 1; a missing weight is 1, and equal weights are exactly 1."""
    weight = answers["weight"].iloc[rows].to_numpy(dtype=float, copy=True)
    weight[np.isnan(weight)] = 1.0
    if weight.size == 0 or np.ptp(weight) == 0 or weight.sum() == 0:
        return np.ones_like(weight)
    return np.asarray(weight / weight.mean(), dtype=float)
