"""A made-up survey for the tests of the report: codings and figures with nothing measured in them."""

from __future__ import annotations

import random
from math import sqrt
from pathlib import Path

import pandas as pd

from pipeline.codebook import Codebook, load_codebook
from pipeline.config import Input, Question, Report, Response, Survey
from pipeline.report.build import ReportData

CODEBOOKS = Path(__file__).parents[2] / "annotations" / "codebooks"
GROUPS = {"Hengelo": 274, "Haaksbergen": 54, "Borne": 61}
INVITED = {"Hengelo": 1700, "Haaksbergen": 310, "Borne": 290}
SCHEMES = {
    "volwassenen": "Bijdragen voor volwassenen",
    "kindpakket": "Kindpakket",
    "jeugdfonds": "Jeugdfonds Sport & Cultuur",
    "leergeld": "Stichting Leergeld",
    "bijzondere-bijstand": "Bijzondere bijstand",
    "kwijtschelding": "Kwijtschelding gemeentelijke belastingen",
    "inkomenstoeslag": "Individuele inkomenstoeslag",
    "zorgverzekering": "Collectieve zorgverzekering Menzis",
}
NASTY = {
    "script": "<script>document.title='gekaapt'</script><img src=x onerror=\"document.title='gekaapt'\"> goed geholpen",
    "formula": '=HYPERLINK("http://example.invalid";"klik hier") vond ik fijn',
    "emoji": "Heel fijn 😊👍🏽 dank jullie wel 👨‍👩‍👧 echt waar",
    "long": "Het begon allemaal in het voorjaar toen ik mijn baan kwijtraakte en niet wist wat ik moest doen. " * 51,
    "rtl": "الموظف كان لطيفا جدا معي \u202eتمت المساعدة",
    "markup": "& < > \" ' `${x}` {{ x }} {% raw %} \\u003c --> ]]>",
    "control": "een\x00rare\x0bbrief\x1f gekregen",
}
_OPENERS = (
    "Ik ben blij met",
    "Fijn dat er",
    "Vooral",
    "Wat ik noem is",
    "Voor mij telt",
    "Al jaren gaat het om",
    "Toch wel",
    "Na lang nadenken:",
    "Mijn ervaring met",
    "Zonder twijfel",
    "Het gaat mij om",
    "Daar hoort bij:",
)
_ENDINGS = (
    "",
    ".",
    " en dat is belangrijk voor ons.",
    ", zeker dit jaar.",
    " sinds ik hier woon.",
    ". Mevrouw … wist er alles van.",
    ", dat heb ik ook tegen … gezegd.",
    " want ik sta er alleen voor.",
    ". Zo hoort het ook.",
)


def participatiewet(
    *, seed: int = 1, times: int = 1, audit: float = 0.3, nasty: bool = True, language: str = "nl"
) -> ReportData:
    """Return the data of a survey with two questions, a reference group and earlier years; `times` as many answers."""
    survey = Survey(
        title="Klantbelevingsonderzoek Participatiewet",
        wave="2022",
        input=Input(file="antwoorden.csv"),
        questions=(
            Question(id="succes", title="Succespunten", column="succes", codebook="participatiewet-succes"),
            Question(id="verbeter", title="Verbeterpunten", column="verbeter", codebook="participatiewet-verbeter"),
        ),
        response=Response(invited=INVITED),
        report=Report.model_validate({"language": language}),
    )
    books = {"succes": _book("participatiewet-succes"), "verbeter": _book("participatiewet-verbeter")}
    groups = [group for group, n in GROUPS.items() for _ in range(n * times)]
    return _data(survey, books, groups, seed, audit, nasty, published=True)


def minimabeleid(*, seed: int = 2, audit: float = 0.3) -> ReportData:
    """Return the data of a survey with two questions and eight experiences, a fifth of it without a municipality."""
    survey = Survey(
        title="Klantbelevingsonderzoek Minimabeleid",
        wave="2022",
        input=Input(file="antwoorden.csv"),
        questions=(
            Question(id="succes", title="Succespunten", column="succes", codebook="minimabeleid-succes"),
            Question(id="verbeter", title="Verbeterpunten", column="verbeter", codebook="minimabeleid-verbeter"),
            *(
                Question(
                    id=f"ervaring-{key}", title=title, column=key, codebook="minimabeleid-ervaring", fixed_codes=(key,)
                )
                for key, title in SCHEMES.items()
            ),
        ),
    )
    books = {question.id: _book(question.codebook) for question in survey.questions}
    groups = ["Hengelo"] * 117 + ["Haaksbergen"] * 36 + ["Borne"] * 23 + [""] * 72
    return _data(survey, books, groups, seed, audit, nasty=False, published=False)


def _book(name: str) -> Codebook:
    return load_codebook(CODEBOOKS / f"{name}.yaml")


def _data(
    survey: Survey, books: dict[str, Codebook], groups: list[str], seed: int, audit: float, nasty: bool, published: bool
) -> ReportData:
    draw = random.Random(seed)
    answers, codings, scores = [], [], []
    statuses = {"answer": 0, "empty": 0, "non_answer": 0, "nothing_to_improve": 0, "other_language": 0}
    extra = list(NASTY.items()) if nasty else []
    for question in survey.questions:
        book = books[question.id]
        filled = 0.24 if question.id.startswith("ervaring") else 0.72
        for number, group in enumerate(groups, start=1):
            answer_id = f"{question.id}-{number:04d}"
            status = (
                "answer"
                if draw.random() < filled
                else draw.choice(("empty", "empty", "non_answer", "nothing_to_improve"))
            )
            codes = _codes(book, draw) if status == "answer" else []
            text = _text(book, codes, draw) if status == "answer" else ""
            if status == "answer" and extra and question.id == "succes" and number % 4 == 0:
                text, codes = extra.pop(0)[1], ["klantmanager"]
            statuses[status] += 1
            answers.append((answer_id, f"r{number:04d}", question.id, group or None, survey.wave, text, 1.0, status))
            reviewed = status == "answer" and draw.random() < audit
            reviewer = draw.choice(("anna", "bram"))
            for code in codes:
                codings.append((answer_id, code, True, "model", "machine"))
                scores.append((answer_id, code, round(draw.uniform(0.5, 0.99), 4)))
                if reviewed:
                    codings.append((answer_id, code, True, reviewer, "audit"))
    answers_frame = pd.DataFrame(
        answers, columns=["answer_id", "respondent_id", "question", "group", "wave", "text", "weight", "status"]
    )
    codings_frame = pd.DataFrame(codings, columns=["answer_id", "code", "applied", "coder", "role"])
    shares = _shares(survey, books, answers_frame, codings_frame)
    reference = _reference(survey, shares, draw) if published else None
    return ReportData(
        survey=survey,
        codebooks=books,
        answers=answers_frame,
        codings=codings_frame,
        scores=pd.DataFrame(scores, columns=["answer_id", "code", "score"]),
        shares=shares,
        comparisons=_comparisons(survey, shares, reference),
        response=_response(survey, groups),
        reference=reference,
        versions={"duiding": "0.1.0"}
        | {f"model {q}": "linear-nl 1.0 (4c1f0a52)" for q in books}
        | {f"codebook {q}": f"1.0 ({book.digest})" for q, book in books.items()},
        accounting=[("read", len(answers)), *((name, n) for name, n in statuses.items() if n)],
        agreement=pd.DataFrame(
            {
                "question": ["succes", "verbeter"],
                "code": ["", ""],
                "n": [62, 58],
                "alpha": [0.81, 0.74],
                "percent_agreement": [0.88, 0.83],
            }
        ),
    )


def _codes(book: Codebook, draw: random.Random) -> list[str]:
    found: list[str] = []
    for facet in book.facet_list():
        codes = [code.id for code in book.in_facet(facet.id)]
        if facet.id == "regeling":
            continue
        weights = [1 / (place + 1.4) for place in range(len(codes))]
        found.append(draw.choices(codes, weights)[0])
        if facet.choice == "many" and draw.random() < 0.35:
            found.append(draw.choices(codes, weights)[0])
    return list(dict.fromkeys(found))


def _text(book: Codebook, codes: list[str], draw: random.Random) -> str:
    code = book.by_id[codes[-1]]
    if draw.random() < 0.25:
        return draw.choice(code.examples)
    parts = [f"{draw.choice(_OPENERS)} {draw.choice(book.by_id[one].keywords)}{draw.choice(_ENDINGS)}" for one in codes]
    return " ".join(parts)


def _shares(survey: Survey, books: dict[str, Codebook], answers: pd.DataFrame, codings: pd.DataFrame) -> pd.DataFrame:
    applied = codings[["answer_id", "code"]].drop_duplicates()
    audited = set(codings.loc[codings["role"] == "audit", "answer_id"])
    rows = []
    for question, book in books.items():
        base = answers[(answers["question"] == question) & (answers["status"] == "answer")]
        for group in (*GROUPS, survey.total_label):
            here = base if group == survey.total_label else base[base["group"] == group]
            if here.empty:
                continue
            counts = applied[applied["answer_id"].isin(set(here["answer_id"]))]["code"].value_counts()
            for code in book.codes:
                if code.facet == "regeling":
                    continue
                n, k = len(here), int(counts.get(code.id, 0))
                share = k / n
                width = 1.96 * sqrt((share * (1 - share) + 0.02) / n)
                hidden = 0 < k < 5 and group != survey.total_label
                number = None if hidden else share
                rows.append(
                    (
                        question,
                        group,
                        survey.wave,
                        code.id,
                        n,
                        len(audited & set(here["answer_id"])),
                        number,
                        None if hidden else max(0.0, share - width),
                        None if hidden else min(1.0, share + width),
                        "post_stratified",
                        None,
                        hidden,
                    )
                )
    names = [
        "question",
        "group",
        "wave",
        "code",
        "n_answers",
        "n_reviewed",
        "share",
        "low",
        "high",
        "method",
        "flag",
        "suppressed",
    ]
    return pd.DataFrame(rows, columns=names)


def _reference(survey: Survey, shares: pd.DataFrame, draw: random.Random) -> pd.DataFrame:
    rows = []
    for row in shares.to_dict("records"):
        share = row["share"] if row["share"] == row["share"] and row["share"] is not None else 0.05
        if row["group"] == survey.total_label:
            rows.append((row["question"], row["code"], survey.reference_group, "2022", _near(share, draw), 3244))
        elif row["group"] != "Haaksbergen":
            rows += [
                (row["question"], row["code"], row["group"], wave, _near(share, draw), 250) for wave in ("2018", "2015")
            ]
        else:
            rows.append((row["question"], row["code"], row["group"], "2018", _near(share, draw), 60))
    return pd.DataFrame(rows, columns=["question", "code", "group", "wave", "share", "n"])


def _near(share: float, draw: random.Random) -> float:
    return round(min(0.95, max(0.01, share + draw.uniform(-0.1, 0.1))), 2)


def _comparisons(survey: Survey, shares: pd.DataFrame, reference: pd.DataFrame | None) -> pd.DataFrame:
    rows = []
    known = shares[shares["share"].notna()]
    total = {
        (row["question"], row["code"]): row["share"] for row in known.to_dict("records") if row["group"] == "Totaal"
    }
    published = (
        {}
        if reference is None
        else {
            (row["question"], row["code"], row["group"], row["wave"]): row["share"]
            for row in reference.to_dict("records")
        }
    )
    for row in known.to_dict("records"):
        key = (row["question"], row["code"])
        if row["group"] == survey.total_label:
            pairs = [
                ("reference", survey.reference_group, "2022", published.get((*key, survey.reference_group, "2022")))
            ]
        else:
            pairs = [
                ("rest", "overige groepen", "2022", total[key]),
                ("wave", row["group"], "2018", published.get((*key, row["group"], "2018"))),
            ]
        for kind, group, wave, other in pairs:
            if other is None:
                continue
            difference = row["share"] - other
            word = "geen aantoonbaar verschil" if abs(difference) < 0.06 else "hoger" if difference > 0 else "lager"
            rows.append(
                (
                    *key,
                    row["group"],
                    f"{group} {wave}",
                    difference,
                    difference - 0.05,
                    difference + 0.05,
                    0.01,
                    0.02,
                    None,
                    kind,
                    word,
                    row["group"],
                    "2022",
                    group,
                    wave,
                )
            )
    names = [
        "question",
        "code",
        "left",
        "right",
        "difference",
        "low",
        "high",
        "p_value",
        "q_value",
        "flag",
        "kind",
        "word",
        "left_group",
        "left_wave",
        "right_group",
        "right_wave",
    ]
    return pd.DataFrame(rows, columns=names)


def _response(survey: Survey, groups: list[str]) -> pd.DataFrame:
    rows = []
    confidences = {"Hengelo": 0.929, "Haaksbergen": 0.581, "Borne": 0.621, "Totaal": 0.969}
    if survey.response.invited:
        for group, invited in (*INVITED.items(), ("Totaal", sum(INVITED.values()))):
            returned = GROUPS.get(group, sum(GROUPS.values()))
            word = "representatief" if confidences[group] > 0.9 else "indicatief"
            rows.append((group, invited, returned, returned / invited, confidences[group], 0.05, word))
    else:
        rows.append(("Totaal", 2694, len(groups), len(groups) / 2694, 0.903, 0.05, "representatief"))
    return pd.DataFrame(rows, columns=["group", "invited", "returned", "response", "confidence", "margin", "word"])
