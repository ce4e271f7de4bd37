"""Codebooks: the shipped ones are complete, a user's mistakes are named with their place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.codebook import load_codebook, parse_codebook, shipped_codebooks
from pipeline.coding.embed import load_encoder
from pipeline.coding.fit import fit_model
from pipeline.errors import CodebookError, ModelError
from pipeline.validation import parse_yaml

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
        ("facets: [{id: f}]\ncodes: [A, B]\n", ["codes[0] (a): no 'facet'. Next: use one of: f"]),
        (
            "codes:\n- {id: a, definition: Traag, of niet.}\n",
            ["codes[0]: unknown key 'of niet.'. Next: put quotes around"],
        ),
        ("codes: [A]\ntitle: x\ncodes: [B]\n", ["line 3", "key 'codes' twice", "keep one"]),
        ("codes:\n  a: A\n  b: B\n  a: C\n", ["line 4", "key 'a' twice"]),
        ("codes:\n- {id: a, label: A, label: B}\n", ["line 2", "key 'label' twice"]),
        ('{"codes": ["A"], "codes": ["B"]}', ["key 'codes' twice"]),
        ("codes:\n- A\n-\n", ["codes[1]", "an empty item"]),
        ("codes: [[A, B], C]\n", ["codes[0]", "a list within"]),
        ("codes: {snelheid: [A, B]}\n", ["codes.snelheid", "a list within"]),
        ("codes: [A, '  ']\n", ["codes[1].label", "white space"]),
        ("codes:\n- {id: a, label: ' '}\n", ["codes[0].label", "white space"]),
        ("codes:\n- {id: , label: , definition: x}\n", ["codes[0]", "is missing"]),
        ("codes:\n- {id: a, parent: a}\n", ["codes[0] (a)", "own parent"]),
        (
            "codes:\n- {id: x, parent: a}\n- {id: a, parent: b}\n- {id: b, parent: c}\n- {id: c, parent: a}\n",
            ["codes[1] (a)", "in a circle: a > b > c > a"],
        ),
        ("codes:\n- {id: a, label: Prijs}\n- {id: prijs, label: Kosten}\n", ["codes[1] and codes[0]", "'prijs'"]),
        ("codes:\n- {id: Stiptheid}\n", ["codes[0].id", "expected small letters, digits", "Next"]),
        ("codes:\n- {id: op tijd}\n", ["codes[0].id", "starting with a letter or digit", "Next"]),
        (f"codes:\n- {{id: {'a' * 61}, label: A}}\n", ["codes[0].id", "at most 60 characters"]),
        (f"codes:\n- {{id: a, label: {'A' * 201}}}\n", ["codes[0].label", "at most 200 characters"]),
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


@pytest.mark.parametrize("content", ["codes: [A, B]\ntitle: 2024-13-45\n", "codes: " + "[" * 3000])
def test_what_yaml_cannot_make_something_of_is_no_traceback(write: Callable[..., Path], content: str) -> None:
    with pytest.raises(CodebookError, match="cb.yaml: not valid YAML"):
        load_codebook(write("cb.yaml", content))


def test_words_that_yaml_would_make_true_and_false_of_stay_words(write: Callable[..., Path]) -> None:
    book = load_codebook(write("cb.yaml", "codes: [Yes, No, {label: Aan, keywords: [on, off, yes, n]}, Anders]"))
    assert [(code.id, code.label) for code in book.codes[:2]] == [("yes", "Yes"), ("no", "No")]
    assert book.by_id["aan"].keywords == ("on", "off", "yes", "n")


@pytest.mark.parametrize("codes", ["[true, Anders]", "[{label: A, keywords: [true]}, Anders]"])
def test_true_and_false_are_no_texts(write: Callable[..., Path], codes: str) -> None:
    with pytest.raises(CodebookError, match=r"codes\[0\].*; expected text"):
        load_codebook(write("cb.yaml", f"codes: {codes}"))


def test_a_name_of_several_words_is_repeated_unless_it_may_be_an_answer() -> None:
    book, name = parse_codebook(["Prijs", "Anders"], file="cb.yaml"), "gezellige sfeer van iedereen"
    with pytest.raises(CodebookError, match=f"code '{name}' is not in codebook"):
        book.resolve(name)
    with pytest.raises(CodebookError, match="a name of several words is not in codebook"):
        book.resolve(name, beside_answers=True)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(CodebookError, match="did you mean 'participatiewet-succes'"):
        load_codebook("participatiewet-sucses")


def test_latin1_file_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(CodebookError, match="UTF-8"):
        load_codebook(write("cb.yaml", "codes: [Café, Anders]", encoding="latin-1"))


TWO_FACETS = """
facets:
- {id: toon, choice: one}
- {id: thema, residual: RESIDUAL}
codes:
- {id: goed, label: Goed, facet: toon}
- {id: prijs, label: Te duur, facet: thema}
- {id: rest, label: Al het andere, facet: thema}
"""


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "RESIDUAL",
            "goed",
            ["facets[1] (thema).residual", "of facet 'toon'", "expected a code of facet 'thema'"],
        ),
        ("RESIDUAL", "onzin", ["facets[1] (thema).residual", "'onzin' is not in codebook"]),
        ("\nfacets", "\nresidual: rest\nfacets", ["residual", "under the facet"]),
        (
            "id: thema, residual: RESIDUAL",
            "id: toon",
            ["facets[0] and facets[1]", "two facets with the same id"],
        ),
        ("facet: toon", "facet: thema", ["facets[0] (toon)", "no code belongs to facet 'toon'"]),
    ],
)
def test_a_mistake_with_facets_is_named(write: Callable[..., Path], old: str, new: str, parts: list[str]) -> None:
    text = TWO_FACETS.replace(old, new).replace("RESIDUAL", "rest")
    with pytest.raises(CodebookError) as caught:
        load_codebook(write("cb.yaml", text))
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["rest", "Al het andere", "al het ANDERE"])
def test_a_facet_names_its_residual_by_id_or_label(write: Callable[..., Path], name: str) -> None:
    codebook = load_codebook(write("cb.yaml", TWO_FACETS.replace("RESIDUAL", name)))
    assert [facet.residual for facet in codebook.facets] == [None, "rest"]


@pytest.mark.parametrize(
    "name",
    [
        "../../../buiten",
        "a/b",
        "a\\b",
        "C:x",
        "wat?",
        "a*",
        'a"b',
        "<a>",
        "a|b",
        ".stil",
        "a\nb",
        "a\x7f",
        " ",
        "a" * 61,
    ],
)
def test_an_id_that_is_no_part_of_a_file_name_is_refused(name: str) -> None:
    with pytest.raises(CodebookError, match="cb.yaml: id: .* 1 to 60 characters.* Next: "):
        parse_codebook({"id": name, "codes": ["A", "B"]}, file="cb.yaml")


def test_an_id_that_is_a_list_is_refused() -> None:
    with pytest.raises(CodebookError, match="cb.yaml: id: .*expected text"):
        parse_codebook({"id": ["a"], "codes": ["A", "B"]}, file="cb.yaml")


@pytest.mark.parametrize("name", ["Balie 2024", "Cliënten (éigen)", "a.b", "a" * 60])
def test_an_id_and_a_file_name_stay_as_they_are(name: str) -> None:
    assert parse_codebook({"id": name, "codes": ["A"]}, file="cb.yaml").id == name
    assert parse_codebook({"codes": ["A"]}, file=f"map/{name}.yaml").id == name


@pytest.mark.parametrize(
    ("stem", "expected"),
    [(".stil", "stil"), ("wat? nu", "wat- nu"), ("é" * 70, "é" * 60), ("...", "codebook"), ("a:b", "a-b")],
)
def test_a_file_name_that_cannot_be_an_id_is_made_to_fit(stem: str, expected: str) -> None:
    assert parse_codebook({"codes": ["A"]}, file=f"map/{stem}.yaml").id == expected


def test_codes_can_be_ids_with_their_labels(write: Callable[..., Path]) -> None:
    text = "codes:\n  snelheid:\n  prijs: Te duur\n  rest: {label: , definition: }\n  4: {id: , label: Vier}\n"
    codes = load_codebook(write("cb.yaml", text)).codes
    assert [(code.id, code.label) for code in codes] == [
        ("snelheid", "snelheid"),
        ("prijs", "Te duur"),
        ("rest", "rest"),
        ("4", "Vier"),
    ]


def test_keys_that_hold_nothing_are_as_left_out(write: Callable[..., Path]) -> None:
    empty = load_codebook(write("a.yaml", "id: x\ncodes:\n- {label: A, definition: , keywords: , id: }\n"))
    assert empty.digest == load_codebook(write("b.yaml", "id: x\ncodes: [A]\n")).digest


def test_a_merged_key_may_be_overridden() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: {deep: &m {<<: *b, y: 3}}\nlast: {<<: *m, x: 4}\ntwo: {<<: [*b, *m], z: 5}\n"
    content = parse_yaml(text, Path("cb.yaml"), CodebookError)
    assert content["more"]["deep"] == {"x": 1, "y": 3}
    assert content["last"] == {"x": 4, "y": 3}
    assert content["two"] == {"x": 1, "y": 2, "z": 5}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("codes: [Snelheid]\n", "codebook cb: fewer than two codes"),
        (TWO_FACETS.replace("RESIDUAL", "rest"), "codebook cb, facet toon: fewer than two codes"),
        ("codes:\n- {id: a, label: '!!!'}\n- {id: b, label: 😀}\n", "codebook cb: .*no words to learn from.* Next"),
    ],
)
def test_what_cannot_be_learned_loads_and_is_refused_when_learning(
    write: Callable[..., Path], content: str, found: str
) -> None:
    codebook = load_codebook(write("cb.yaml", content))
    with pytest.raises(ModelError, match=found):
        fit_model(codebook, [], load_encoder())
