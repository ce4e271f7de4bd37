"""A Label Studio in memory: just enough of the SDK to push and pull without a server."""

import itertools
import json
from types import SimpleNamespace
from typing import Any


class FakeServer:
    """Projects, tasks, predictions and views as the server keeps them; what coders do is put in `tasks` by the test."""

    def __init__(self) -> None:
        self._number = itertools.count(1)
        self.made: dict[int, SimpleNamespace] = {}
        self.saved: dict[int, dict[str, Any]] = {}
        self.shown: dict[int, list[SimpleNamespace]] = {}
        self.guesses: list[SimpleNamespace] = []
        self.projects = SimpleNamespace(
            list=lambda **_: self.listed, create=self._create, update=self._update,
            import_tasks=self._import_tasks, import_predictions=self._import_predictions,
            exports=SimpleNamespace(download_sync=self._download),
        )  # fmt: skip
        self.tasks = SimpleNamespace(list=self._list, update=self._update_task)
        self.predictions = SimpleNamespace(list=lambda project, **_: [g for g in self.guesses if g.project == project])
        self.views = SimpleNamespace(list=lambda project: self.shown[project], create=self._view, update=None)
        people = [SimpleNamespace(id=number, email=f"{name}@x.nl") for number, name in enumerate(("anna", "bo"), 1)]
        self.users = SimpleNamespace(list=lambda: people)

    def project(self, question: str, kind: str = "main") -> int:
        (found,) = (p.id for p in self.made.values() if p.description.split()[2:4] == [question, kind])
        return found

    def of(self, project: int) -> dict[str, dict[str, Any]]:
        """Return answer id -> task of a project."""
        return {task["data"]["answer_id"]: task for task in self.saved.values() if task["project"] == project}

    def code(self, task: dict[str, Any], result: list[dict[str, Any]], by: int = 1, **more: Any) -> dict[str, Any]:
        """Annotate a task and return the annotation, which the test may change."""
        at = "2022-11-01T10:00:00.000000Z"
        made = {"id": next(self._number), "result": result, "completed_by": by, "created_at": at, "updated_at": at}
        made |= {"unique_id": f"uuid-{made['id']}", **more}
        task["annotations"].append(made)
        return made

    def _create(self, **values: Any) -> SimpleNamespace:
        made = SimpleNamespace(id=next(self._number), model_version="", **values)
        self.made[made.id], self.shown[made.id] = made, []
        return made

    def _update(self, id: int, **values: Any) -> None:
        vars(self.made[id]).update(values)

    def _import_tasks(self, id: int, request: list[Any], **_: Any) -> None:
        for item in request:
            number = next(self._number)
            self.saved[number] = {"id": number, "project": id, "data": item["data"], "annotations": []}
            for guess in item.get("predictions", ()):
                self._import_predictions(id, [{"task": number, **guess}])

    def _import_predictions(self, id: int, request: list[Any], **_: Any) -> SimpleNamespace:
        self.guesses += [SimpleNamespace(project=id, **guess) for guess in request]
        return SimpleNamespace(created=len(request))

    def _list(self, project: int, **_: Any) -> list[SimpleNamespace]:
        listed = []
        for task in (task for task in self.saved.values() if task["project"] == project):
            skips = sum(bool(made.get("was_cancelled")) for made in task["annotations"])
            counts = {"total_annotations": len(task["annotations"]) - skips, "cancelled_annotations": skips}
            listed.append(SimpleNamespace(id=task["id"], data=task["data"], **counts))
        return listed

    def _update_task(self, id: str, data: dict[str, Any]) -> None:
        self.saved[int(id)]["data"] = data

    def _view(self, project: int, data: dict[str, Any]) -> SimpleNamespace:
        made = SimpleNamespace(id=next(self._number), data=data)
        self.shown[project].append(made)
        return made

    def _download(self, project: int, **_: Any) -> list[bytes]:
        mine = [task for task in self.saved.values() if task["project"] == project and task["annotations"]]
        return [json.dumps(mine).encode()]

    @property
    def listed(self) -> list[SimpleNamespace]:
        """The projects as the server lists them, with the number of their tasks."""
        for project in self.made.values():
            project.task_number = sum(task["project"] == project.id for task in self.saved.values())
        return list(self.made.values())
