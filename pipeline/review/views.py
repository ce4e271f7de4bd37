"""The views in a project: each reviewer's work in order, what was skipped, and what was doubted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from pipeline.review.client import Address, speaking
from pipeline.review.projects import Project

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

#: Views that show what happened; the others are work to do.
LOOKING_BACK = ("Overgeslagen", "Twijfel")


def _filter(column: str, value: object, kind: str = "String", operator: str = "equal") -> dict[str, object]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _open_work() -> list[dict[str, object]]:
    return [_filter("total_annotations", 0, "Number"), _filter("cancelled_annotations", 0, "Number")]


def decision_views() -> list[dict[str, Any]]:
    """Return the views of an adjudication project: what is still to be decided, and what was skipped."""
    return [_view("Te beslissen", _open_work(), ["tasks:data.volgorde"]), _skipped()]


def _skipped() -> dict[str, Any]:
    return _view("Overgeslagen", [_filter("cancelled_annotations", 0, "Number", "greater")], [])


def wanted_views(reviewers: Sequence[str], roles: Sequence[str]) -> list[dict[str, Any]]:
    """Return the views of a project: per reviewer the work in review order, then what was skipped or doubted.

    The audit is reviewed in random order, so that stopping early leaves a random sample; training most uncertain first.
    """
    views = []
    names = {"steekproef": "steekproef", "leren": "leren", "tweede": "tweede codering"}
    for reviewer in reviewers or [""]:
        for role in roles:
            order = "tasks:predictions_score" if role == "leren" else "tasks:data.volgorde"
            filters = [_filter("data.rol", role), *_open_work()]
            if reviewer:
                filters.insert(0, _filter("data.codeur", reviewer))
            title = f"{reviewer}: {names[role]}" if reviewer else names[role].capitalize()  # a tab shows its beginning
            views.append(_view(title, filters, [order]))
    views.append(_skipped())
    views.append(_view("Twijfel", [_filter("annotations_results", '"twijfel"', operator="contains")], []))
    return views


def _view(title: str, filters: list[dict[str, object]], ordering: list[str]) -> dict[str, Any]:
    columns = ("inner_id annotators file_upload storage_filename data.vraag data.volgorde created_at updated_at "
               "predictions_results data.uitleg annotations_results annotations_ids predictions_score "
               "predictions_model_versions updated_by completed_at avg_lead_time draft_exists total_annotations "
               "cancelled_annotations total_predictions")  # fmt: skip
    hidden = [f"tasks:{column}" for column in columns.split()]  # what is left is the answer, its group, role and coder
    return {
        "title": title, "type": "list", "target": "tasks", "filters": {"conjunction": "and", "items": filters},
        "ordering": ordering, "hiddenColumns": {"explore": hidden, "labeling": hidden},
    }  # fmt: skip


def ensure_views(
    client: LabelStudio, where: Address, project: Project, wanted: Sequence[dict[str, Any]]
) -> dict[str, int]:
    """Make or mend the views and return title -> view id; views that people made themselves stay as they are.

    Raises:
        ReviewError: the server can't be reached or refuses.
    """
    out: dict[str, int] = {}
    with speaking(where, f"making the views of {project.question}"):
        there = {}
        for view in client.views.list(project=project.id):
            data = view.data if isinstance(view.data, dict) else dict(view.data or {})
            there[str(data.get("title"))] = (int(view.id), data)
        for data in wanted:
            found = there.get(data["title"])
            if found is None:
                out[data["title"]] = int(client.views.create(project=project.id, data=cast(Any, data)).id)
                continue
            out[data["title"]] = found[0]
            if any(found[1].get(key) != data[key] for key in ("filters", "ordering")):
                client.views.update(id=str(found[0]), project=project.id, data=cast(Any, {**found[1], **data}))
    return out
