"""Codebooks: the shipped ones are complete, a user's mistakes are named with their place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.codebook import load_codebook, shipped_codebooks
from pipeline.errors import CodebookError

LABELS = {
    "participatiewet-succes": [
        "Mijn klantmanager",
        "Stiptheid uitbetaling uitkering",
        "Klantvriendelijkheid/behulpzaamheid",
        "Alles in het algemeen",
        "Dat er een vangnet is",
        "Informatievoorziening",
        "Aandacht medewerkers",
        "Begeleiding/ondersteuning",
        "Anders",
    ],
    "participatiewet-verbeter": [
        "Rekening houden met de situatie klant",
        "Informatie rechten/mogelijkheden",
        "Minder wisselingen klantmanagers",
        "Telefonische bereikbaarheid",
        "Beter/sneller reageren op vragen",
        "Meer begrip/respect van de medewerkers",
        "Meer tijd nemen voor de klant",
        "Begeleiding naar werk",
        "Anders",
    ],
    "minimabeleid-succes": [
        "Dat inkomensondersteuning bestaat",
        "Klantvriendelijkheid/hulpvaardigheid",
        "Algemeen",
        "Mijn contactpersoon",
        "Rekening houden met situatie",
        "Snelheid",
        "Informatievoorziening/toegankelijkheid (digitaal)",
        "Anders",
    ],
    "minimabeleid-verbeter": [
        "Informatievoorziening over regelingen",
        "Verruimen financiële ondersteuning",
        "Makkelijker maken aanvraagproces",
        "Meer contact",
        "Secuur (samen)werken",
        "Snelheid",
        "Toegankelijkheid",
        "Klantvriendelijkheid/bejegening",
        "Anders",
    ],
    "minimabeleid-ervaring": [
        "positief",
        "negatief",
        "gemengd",
        "neutraal",
        "Blij met de regeling",
        "Goed en snel geregeld",
        "Aanvragen is omslachtig",
        "Duurt lang",
        "Bedrag of vergoeding te laag",
        "Informatie onvoldoende",
        "Voorwaarden te streng",
        "Zelf voorschieten",
        "Waarvoor gebruikt",
        "Overig",
        "Bijdragen voor volwassenen",
        "Kindpakket",
        "Jeugdfonds Sport & Cultuur",
        "Stichting Leergeld",
        "Bijzondere bijstand",
        "Kwijtschelding gemeentelijke belastingen",
        "Individuele inkomenstoeslag",
        "Collectieve zorgverzekering Menzis",
        "Regeling onbekend",
    ],
}


def test_five_codebooks_ship() -> None:
    assert shipped_codebooks() == sorted(LABELS)


@pytest.mark.parametrize("name", sorted(LABELS))
def test_shipped_codebook_has_exactly_its_labels_and_is_documented(name: str) -> None:
    codebook = load_codebook(name)
    assert [code.label for code in codebook.codes] == LABELS[name]
    for code in codebook.codes:
        assert len(code.definition) > 20, code.id
        assert code.include, code.id
        assert code.keywords, code.id
    for facet in codebook.facet_list():
        assert facet.residual in codebook.by_id
    assert any(code.exclude for code in codebook.codes)


def test_a_code_is_found_by_label_or_id_in_any_case() -> None:
    codebook = load_codebook("participatiewet-verbeter")
    assert codebook.resolve("TELEFONISCHE  bereikbaarheid") == codebook.resolve("bereikbaarheid")


def test_labels_alone_make_a_codebook(write: Callable[..., Path]) -> None:
    codebook = load_codebook(write("cb.yaml", "codes: [Eten en drinken, Anders]\nresidual: Anders\n"))
    assert [code.id for code in codebook.codes] == ["eten-en-drinken", "anders"]
    assert codebook.residual == "anders"
    assert codebook.id == "cb"


def test_json_is_read_too(write: Callable[..., Path]) -> None:
    path = write("cb.json", '{"codes": [{"label": "A"}, {"label": "B"}], "residual": "b"}')
    assert load_codebook(path).residual == "b"


def test_digest_follows_the_content_only(write: Callable[..., Path]) -> None:
    one = load_codebook(write("a.yaml", "id: x\ncodes:\n- {id: a, label: A}\n- {id: b, label: B}\n"))
    two = load_codebook(write("b.yaml", "# note\ncodes:\n- {label: A, id: a}\n- label: B\n  id: b\nid: x\n"))
    three = load_codebook(write("c.yaml", "id: x\ncodes:\n- {id: a, label: A}\n- {id: b, label: C}\n"))
    assert one.digest == two.digest != three.digest


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("codes:\n- {id: a, label: A}\n- {id: a, label: B}\n", ["codes[0] and codes[1]", "same id 'a'"]),
        ("codes:\n- {id: a, label: Aap}\n- {id: b, label: aap}\n", ["same label"]),
        ("codes:\n- {id: a, label: A, defintion: x}\n", ["codes[0]", "unknown key 'defintion'", "'definition'"]),
        ("codes:\n- {id: a, label: A, parent: zz}\n", ["parent 'zz' is not a code"]),
        ("codes: [A, B]\nresidual: Onzin\n", ["'Onzin' is not in codebook", "residual"]),
        ("codes: []\n", ["no codes"]),
        ("tekst\n", ["no codes"]),
        ("codes:\n  - {id: a\n", ["not valid YAML", "line"]),
        ("codes:\n- {id: A B, label: A}\n", ["codes[0].id", "expected"]),
        ("facets: [{id: f}]\ncodes: [{id: a, label: A, facet: g}]\n", ["facet 'g'", "use one of: f"]),
    ],
)
def test_a_mistake_is_named_with_file_and_place(write: Callable[..., Path], content: str, parts: list[str]) -> None:
    path = write("cb.yaml", content)
    with pytest.raises(CodebookError) as caught:
        load_codebook(path)
    message = str(caught.value)
    assert "cb.yaml" in message
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(CodebookError, match="did you mean 'participatiewet-succes'"):
        load_codebook("participatiewet-sucses")


def test_latin1_file_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(CodebookError, match="UTF-8"):
        load_codebook(write("cb.yaml", "codes: [Café, Anders]", encoding="latin-1"))
