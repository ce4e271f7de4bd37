"""The documentation says what the program does: commands, options, keys, defaults, examples, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
import typer.main
import yaml
from pydantic import BaseModel

import pipeline
from pipeline import config
from pipeline.cli import app
from pipeline.codebook import Code, Codebook, Facet, parse_codebook
from pipeline.intake.clean import status_of
from pipeline.tables import ANSWER

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "annotations" / "README.md"])
SURVEY_PAGE, CODEBOOK_PAGE = ROOT / "docs" / "survey.md", ROOT / "docs" / "codebook.md"
SECTIONS: dict[Path, dict[str, type[BaseModel]]] = {
    SURVEY_PAGE: {
        "The survey": config.Survey,
        "input": config.Input,
        "questions": config.Question,
        "response": config.Response,
        "report": config.Report,
    },
    CODEBOOK_PAGE: {"The codebook": Codebook, "facets": Facet, "codes": Code},
}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _blocks(page: Path, language: str) -> list[str]:
    return [body for name, body in _FENCE.findall(_read(page)) if name == language]


def _rows(page: Path, section: str) -> dict[str, str]:
    """Return key -> default of the table under a heading."""
    body = _read(page).split(f"\n## {section}\n", 1)[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| ((?:[^|\\]|\\.)*) \|", body, re.MULTILINE)
    assert len(rows) == len(dict(rows)), f"a key is listed twice under {section}"
    return dict(rows)


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = {model for field in annotation.model_fields.values() for model in _models_in(field.annotation)}
        return {annotation, *inner}
    return {model for part in get_args(annotation) for model in _models_in(part)}


_ALL = [(page, section, model) for page, sections in SECTIONS.items() for section, model in sections.items()]


@pytest.mark.parametrize(("page", "root"), [(SURVEY_PAGE, config.Survey), (CODEBOOK_PAGE, Codebook)])
def test_every_kind_of_settings_has_a_section(page: Path, root: type[BaseModel]) -> None:
    assert set(SECTIONS[page].values()) == _models_in(root)


@pytest.mark.parametrize(("page", "section", "model"), _ALL, ids=[section for _, section, _ in _ALL])
def test_the_keys_are_those_of_the_model(page: Path, section: str, model: type[BaseModel]) -> None:
    assert list(_rows(page, section)) == list(model.model_fields)


@pytest.mark.parametrize(("page", "section", "model"), _ALL, ids=[section for _, section, _ in _ALL])
def test_the_defaults_are_those_of_the_model(page: Path, section: str, model: type[BaseModel]) -> None:
    for key, written in _rows(page, section).items():
        field = model.model_fields[key]
        if field.is_required():
            assert "`" not in written, f"{section}.{key} has no default"
            continue
        default = field.get_default(call_default_factory=True)
        plain = {} if isinstance(default, BaseModel) else default
        plain = list(plain) if isinstance(plain, tuple) else plain
        found = yaml.safe_load(written.strip("`"))
        assert (found if not isinstance(plain, str) else str(found)) == plain, f"{section}.{key}: {written}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_yaml_examples_parse(page: Path) -> None:
    for block in _blocks(page, "yaml"):
        assert yaml.safe_load(block)


@pytest.mark.parametrize("page", [README, SURVEY_PAGE], ids=lambda page: page.name)
def test_survey_examples_are_valid(page: Path) -> None:
    surveys = [found for block in _blocks(page, "yaml") if "input" in (found := yaml.safe_load(block))]
    assert surveys
    for found in surveys:
        config.Survey.model_validate(found)


@pytest.mark.parametrize("page", [README, CODEBOOK_PAGE], ids=lambda page: page.name)
def test_codebook_examples_are_valid(page: Path) -> None:
    books = [found for block in _blocks(page, "yaml") if "codes" in (found := yaml.safe_load(block))]
    assert books
    for found in books:
        parse_codebook(found, file="voorbeeld.yaml")


def _commands() -> dict[str, set[str]]:
    """Return command -> its options, subcommands as `review start`."""
    out: dict[str, set[str]] = {}

    def walk(command: Any, path: tuple[str, ...]) -> None:
        out[" ".join(path)] = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*path, name))

    walk(typer.main.get_command(app), ())
    return out


def _used(page: Path) -> list[list[str]]:
    """Return the words of every `duiding ...` on a page: lines of code blocks, and code in the text."""
    text = _read(page)
    lines = [line.strip() for _, block in _FENCE.findall(text) for line in block.splitlines()]
    lines += re.findall(r"`(duiding [^`\n]*)`", _FENCE.sub("", text))
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("duiding ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_exists_with_its_options(page: Path) -> None:
    commands = _commands()
    for words in _used(page):
        plain = [word for word in words if not word.startswith("-")]
        name = " ".join(plain[:2]) if " ".join(plain[:2]) in commands else "".join(plain[:1])
        assert name in commands, f"duiding {' '.join(words)}"
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert options <= commands[name] | commands[""], f"duiding {' '.join(words)}"


def test_the_readme_shows_every_command() -> None:
    used = {words[0] for words in _used(README) if words}
    assert {name.split()[0] for name in _commands() if name} <= used


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_answers_named_are_of_the_demo_and_have_a_text(page: Path) -> None:
    named = set(re.findall(r"\b\d{4}:(?:succes|verbeter)\b", _read(page)))
    if page == README:
        assert named
    if not named:
        return
    folder = ROOT / "annotations" / "demo"
    survey = config.load_survey(folder / "participatiewet.yaml")
    table = pd.read_excel(folder / "participatiewet.xlsx", sheet_name=survey.input.sheet, dtype=str).fillna("")
    texts = table.set_index(survey.input.respondent)
    for number, question in (answer_id.split(":") for answer_id in named):
        column = next(one.column for one in survey.questions if one.id == question)
        assert status_of(str(texts.loc[number, column]), "succes") == ANSWER, f"{number}:{question}"


def test_every_make_target_in_the_documentation_exists() -> None:
    targets = set(re.findall(r"^(\w+):", _read(ROOT / "Makefile"), re.MULTILINE))
    for page in PAGES:
        used = re.findall(r"`make (\w+)`|^make (\w+)$", _read(page), re.MULTILINE)
        assert {one or other for one, other in used} <= targets, page.name


def test_the_readme_lists_the_library() -> None:
    names = re.findall(r"^\| `(\w+)\(", _read(README), re.MULTILINE)
    assert sorted(names) == sorted(pipeline.__all__)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", _FENCE.sub("", _read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_files_work(page: Path) -> None:
    for target, anchor in _LINK.findall(_FENCE.sub("", _read(page))):
        if target.startswith(("http:", "https:")):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        assert not anchor or anchor in _anchors(path), f"{target}#{anchor}"


def test_the_changelog_knows_this_version() -> None:
    assert pipeline.__version__ in _read(ROOT / "CHANGELOG.md")


def test_make_demo_ends_with_the_place_of_both_pages() -> None:
    target = _read(ROOT / "Makefile").split("\ndemo: setup\n", 1)[1].split("\n\n")[0]
    last = target.splitlines()[-2:]
    for line, name in zip(last, ("participatiewet", "minimabeleid"), strict=True):
        assert line.startswith("\t@echo")
        assert f"$(abspath demo/{name}/duiding-werk/rapport/rapport.html)" in line
