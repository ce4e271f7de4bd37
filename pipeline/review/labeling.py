"""The labeling page of a question, made from its codebook, and the way from codes to Label Studio results and back."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.codebook import Code, Codebook, Facet, slug

#: Keys for codes, in order; `t` (twijfel) is left out, and so are the keys Label Studio uses itself.
HOTKEYS = tuple("1234567890qweryuiopasdfghjklzxcvbnm")
KEYS = (
    "Ctrl+Enter opslaan (na een notitie eerst Enter) · Ctrl+spatie overslaan (toch coderen: eerst Cancel skip) · "
    "muis op een code: omschrijving · Instructions: codeboek"
)
DOUBT = "twijfel"
NOTE = "notitie"
TEXT = "antwoord"
COMPARED = ("codering_a", "codering_b")
REASONS = "uitleg"  # the field of a task that says why the machine coded as it did
REASONS_TITLE = "Waarom koos de machine deze codes?"
REASONS_KEY = " · Tab na de notitie: waarom de machine dit koos"

STYLE = Path(__file__).with_name("labeling.css")


@dataclass(frozen=True)
class Choice:
    """The facets and codes a reviewer chooses from, and the codes that are given (the scheme of a question)."""

    codebook: Codebook
    fixed: tuple[str, ...] = ()

    def facets(self) -> list[tuple[Facet, tuple[Code, ...]]]:
        """Return the facets on the page with their codes; a single-choice facet whose code is given is left out."""
        one = {facet.id for facet in self.codebook.facets if facet.choice == "one"}
        given = one & {self.codebook.by_id[code].facet for code in self.fixed}
        pairs = [(facet, self.codebook.in_facet(facet.id)) for facet in self.codebook.facet_list()]
        return [
            (facet, tuple(code for code in codes if code.id not in self.fixed))
            for facet, codes in pairs
            if codes and facet.id not in given
        ]

    def offered(self) -> tuple[str, ...]:
        """Return the ids of the codes on the page."""
        return tuple(code.id for _, codes in self.facets() for code in codes)

    def judged(self) -> tuple[str, ...]:
        """Return the ids of the codes that one finished annotation decides on: all of the codebook."""
        return tuple(self.codebook.by_id)


def field_of(facet: Facet) -> str:
    """Return the name of a facet's control on the page."""
    return f"codes_{slug(facet.id)}" if facet.id else "codes"


def label_config(choice: Choice, *, compare: bool = False, reasons: bool = False) -> str:
    """Return the labeling page as Label Studio XML: the answer large, codes with hotkeys, doubt and a note; in Dutch.

    With `compare` the codings to choose between (fields `codering_a` and `codering_b`) stand below the answer. With
    `reasons` a closed panel below the codes says why the machine chose its codes (field `uitleg`, a line per code);
    closed, so that it does not steer who reads the answer for the first time.
    """
    page = ET.Element("View")
    ET.SubElement(page, "Style").text = STYLE.read_text(encoding="utf-8")
    head = ET.SubElement(page, "View", className="duiding-kop")
    ET.SubElement(head, "Header", value="$vraag", size="5")
    ET.SubElement(head, "Header", value="$groep", size="5")
    answer = ET.SubElement(page, "View", className="duiding-antwoord")
    ET.SubElement(answer, "Text", name=TEXT, value="$antwoord", selectionEnabled="false")
    if compare:
        both = ET.SubElement(page, "View", className="duiding-keuze")
        for field in COMPARED:
            ET.SubElement(both, "Header", value=f"${field}", size="5")
    keys = iter(HOTKEYS)
    facets = choice.facets()
    for facet, codes in facets:
        if len(facets) > 1:
            title = ET.SubElement(page, "View", className="duiding-facet")
            how = "één" if facet.choice == "one" else "alle die gelden"
            ET.SubElement(title, "Header", value=f"{facet.label or facet.id} ({how})", size="6")
        block = ET.SubElement(page, "View", className=f"duiding-codes {_width(codes, many_facets=len(facets) > 1)}")
        _add_choices(block, facet, codes, keys)
    foot = ET.SubElement(page, "View", className="duiding-voet")
    doubt = ET.SubElement(foot, "Choices", name=DOUBT, toName=TEXT, choice="multiple", showInline="true")
    ET.SubElement(doubt, "Choice", value="Twijfel", alias=DOUBT, hotkey="t", hint="Leg dit antwoord aan een ander voor")
    ET.SubElement(
        foot, "TextArea", name=NOTE, toName=TEXT, rows="1", maxSubmissions="1", editable="true",
        placeholder="Notitie (geen namen of andere persoonsgegevens)",
    )  # fmt: skip
    if reasons:
        block = ET.SubElement(page, "View", className="duiding-uitleg")
        panel = ET.SubElement(ET.SubElement(block, "Collapse", bordered="false"), "Panel", value=REASONS_TITLE)
        ET.SubElement(panel, "Header", value=f"${REASONS}", size="6")
    help_line = ET.SubElement(page, "View", className="duiding-toetsen")
    ET.SubElement(help_line, "Header", value=KEYS + REASONS_KEY * reasons, size="6")
    return ET.tostring(page, encoding="unicode")


def _width(codes: Sequence[Code], *, many_facets: bool) -> str:
    if many_facets and len(codes) <= 4:
        return "kort"
    return "drie" if many_facets or len(codes) > 14 else "twee"


def _add_choices(block: ET.Element, facet: Facet, codes: Sequence[Code], keys: Any) -> None:
    required = facet.choice == "one" or facet.residual is not None
    choices = ET.SubElement(
        block, "Choices", name=field_of(facet), toName=TEXT,
        choice="single" if facet.choice == "one" else "multiple", required=str(required).lower(),
        requiredMessage=f"Kies {'één code' if facet.choice == 'one' else 'ten minste één code'}"
        + (f" bij {facet.label or facet.id}" if facet.id else ""),
    )  # fmt: skip
    for code in codes:
        element = ET.SubElement(choices, "Choice", value=code.label, alias=code.id)
        if code.definition:
            element.set("hint", " ".join(code.definition.split()))
        key = next(keys, None)
        if key is not None:
            element.set("hotkey", key)


def instruction(choice: Choice) -> str:
    """Return the codebook as the HTML that Label Studio shows under its instructions button, in Dutch."""
    parts = [
        "<p>Kies de codes met hun toets, <b>t</b> voor twijfel, Ctrl+Enter om op te slaan. Druk na het typen van een "
        "notitie eerst op Enter.</p>",
        "<p>Een overgeslagen antwoord alsnog coderen: open het vanuit <b>Overgeslagen</b>, druk op <b>Cancel skip</b>, "
        "kies de codes en sla op. Zonder Cancel skip blijft het overgeslagen.</p>",
    ]
    for facet, codes in choice.facets():
        if facet.id:
            parts.append(f"<h3>{html.escape(facet.label or facet.id)}</h3>")
        for code in codes:
            parts.append(f"<p><b>{html.escape(code.label)}</b> {html.escape(' '.join(code.definition.split()))}</p>")
            parts += _items("Wel", code.include) + _items("Niet", code.exclude)
    return "".join(parts)


def _items(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    return [f"<p>{title}:</p><ul>", *(f"<li>{html.escape(item)}</li>" for item in items), "</ul>"]


def codes_in_config(config: str) -> tuple[str, ...]:
    """Return the code ids that a labeling page offers; an unreadable page offers none."""
    try:
        page = ET.fromstring(config)
    except ET.ParseError:
        return ()
    blocks = [block for block in page.iter("Choices") if (block.get("name") or "").startswith("codes")]
    return tuple(item.get("alias") or item.get("value") or "" for block in blocks for item in block.iter("Choice"))


def to_result(choice: Choice, codes: Iterable[str]) -> list[dict[str, Any]]:
    """Return the Label Studio result that shows these codes chosen; codes that are not on the page are left out."""
    wanted = set(codes)
    out = []
    for facet, offered in choice.facets():
        chosen = [code.id for code in offered if code.id in wanted]
        if facet.choice == "one":
            chosen = chosen[:1]
        if chosen:
            value = {"choices": chosen}
            out.append({"from_name": field_of(facet), "to_name": TEXT, "type": "choices", "value": value})
    return out


@dataclass(frozen=True)
class Labels:
    """What a reviewer filled in: code ids in page order, doubt, the note's text, and what is wrong with it."""

    codes: tuple[str, ...]
    doubt: bool
    note: str
    problem: str  # "" | "empty" | "unknown_code" | "several_in_facet"


def from_result(choice: Choice, result: Sequence[Mapping[str, Any]], gone: Sequence[str] = ()) -> Labels:
    """Return what a Label Studio result says; nothing is trusted, because the server checks nothing.

    `gone` are codes that the page still offers but the codebook no longer has; they are kept.
    """
    named: list[str] = []
    doubt, note = False, ""
    for region in result:
        value = region.get("value") or {}
        name = region.get("from_name")
        if name == DOUBT:
            doubt = bool(value.get("choices"))
        elif name == NOTE:
            note = " ".join(str(line) for line in _listed(value.get("text"))).strip()
        else:
            named += [str(item) for item in _listed(value.get("choices"))]
    codes, unknown = check_codes(choice, named)
    kept = tuple(code for code in gone if code in unknown)
    if set(unknown) - set(kept):
        return Labels(codes + kept, doubt, note, "unknown_code")
    wrong = problem_of(choice, codes)
    return Labels(codes + kept, doubt, note, "" if kept and wrong == "empty" else wrong)


def check_codes(choice: Choice, named: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the known codes in page order (ids or labels, given codes added), and the names that are no code."""
    by_label = {code.label: code.id for code in choice.codebook.codes}
    ids = [by_label.get(name, name) for name in named]
    unknown = [name for name in ids if name not in choice.codebook.by_id]
    chosen = {*ids, *choice.fixed}
    return tuple(code for code in choice.codebook.by_id if code in chosen), unknown


def problem_of(choice: Choice, codes: Sequence[str]) -> str:
    """Return why these codes are no finished coding, or an empty string when they are."""
    chosen = set(codes)
    for facet, offered in choice.facets():
        n = sum(code.id in chosen for code in offered)
        if facet.choice == "one" and n > 1:
            return "several_in_facet"
        if n == 0 and (facet.choice == "one" or facet.residual is not None):
            return "empty"
    return ""


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
