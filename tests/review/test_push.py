"""What a push may touch on the server, without a server."""

from typing import Any

import pytest

from pipeline.review import push


def test_a_task_coded_with_another_text_is_left_as_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [
        {"id": 1, "data": {"answer_id": "a", "antwoord": "oud"}, "annotations": 1},
        {"id": 2, "data": {"answer_id": "b", "antwoord": "oud"}, "annotations": 0},
        {"id": 3, "data": {"answer_id": "c", "antwoord": "gelijk"}, "annotations": 1},
    ]
    monkeypatch.setattr(push, "list_tasks", lambda *_: tasks)
    work: Any = object.__new__(push._Work)
    work.client = work.where = None
    wanted = {key: {"antwoord": text} for key, text in (("a", "nieuw"), ("b", "nieuw"), ("c", "gelijk"))}
    there = work._existing(None, wanted)
    assert set(there) == {"b", "c"}, "so that the new text of a is sent as a task of its own"
