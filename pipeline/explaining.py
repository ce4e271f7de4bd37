"""Why answers got their codes: of one answer for the analyst, of every task for its reviewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.coding_inputs import encoder_name, examples_of
from pipeline.config import Question, Survey, examples_file, load_survey
from pipeline.errors import ConfigError, DuidingError, problem, quoted
from pipeline.learned import FOLDER, learned_models
from pipeline.learning import coded_answers
from pipeline.tables import ANSWER, FOREIGN, meant_answer
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.coding.explain import Explainer, Explanation

OTHER_MODEL = "another model coded them than the one in use now; 'duiding run' codes them again"
NOT_CODED = {
    "empty": "not coded: the box is empty",
    "non_answer": "not coded: it says nothing to code ('geen', 'n.v.t.', ...)",
    "nothing_to_improve": "not coded: it says that there is nothing to improve, and nothing to code",
    FOREIGN: "not coded: it is in another language, and set aside for a person",
}
TAKE_AN_ID = "take the id of a coded answer from 'duiding trace' or from gecodeerd.csv (respondent:question)"


def explain_answer(survey: Survey | str | Path, answer_id: str) -> Explanation:
    """Return why the machine coded an answer as it did; its pseudonymised text is in the result, never in a log.

    Nothing is learned or written for it, and personal data is taken out of examples of your own.

    Raises:
        ConfigError: no such answer was coded, its question is not in survey.yaml now, or another model coded it than
            the one in use now.
        DuidingError: the survey was not run yet, or a file of the workspace is damaged.
    """
    if not isinstance(survey, Survey):
        survey = load_survey(survey)
    workspace = Workspace(survey.workspace_path)
    answers = coded_answers(survey, workspace)
    found = answers[answers["answer_id"].astype(str) == answer_id]
    place = f"answer {answer_id}"
    if found.empty:
        near = meant_answer(answer_id, answers)
        do = f"did you mean '{near}'?" if near else TAKE_AN_ID
        raise ConfigError(problem(file=workspace.folder, place=place, found="no such answer", do=do))
    name, status = str(found["question"].iloc[0]), str(found["status"].iloc[0])
    question = next((one for one in survey.questions if one.id == name), None)
    if question is None:
        raise ConfigError(
            problem(file=survey.file, place=place, found=f"question '{name}' is no longer in survey.yaml",
                    do=f"run again: duiding run {quoted(survey.file)}")
        )  # fmt: skip
    if status != ANSWER:
        raise ConfigError(problem(file=workspace.folder, place=place, found=NOT_CODED[status], do=TAKE_AN_ID))
    book = survey.codebook(question)
    tasks = TaskExplainer(survey, workspace)
    explainer = tasks.explainer(question)
    if explainer is None:
        raise ConfigError(f"answer {answer_id} is not explained: {tasks.left_out[question.id]}")
    return explainer.explain([str(found["text"].iloc[0])], [book.resolve(code) for code in question.fixed_codes])[0]


class TaskExplainer:
    """Explains in Dutch, for the tasks of a review, why the machine coded answers as it did.

    Nothing is explained of a question that another model coded than the one in use now: the reasons would be of other
    codes than those shown. `left_out` says so: question id -> why.
    """

    def __init__(self, survey: Survey, workspace: Workspace) -> None:
        self.left_out: dict[str, str] = {}
        self._survey, self._workspace = survey, workspace
        self._coded = workspace.note("coding")
        self._learned: dict[str, Path] | None = None
        self._explainers: dict[tuple[str, Path | None, Path | None], tuple[str, Explainer] | None] = {}

    def __call__(
        self, question: Question, texts: Mapping[str, str], codes: Mapping[str, Sequence[str]]
    ) -> dict[str, str]:
        """Return answer id -> explanation, of the answers that the model codes as `codes` says.

        Args:
            question: that was answered.
            texts: answer id -> pseudonymised text.
            codes: answer id -> the codes that the reviewer is shown.
        """
        from pipeline.coding.explain_text import explanation_text

        explainer = self.explainer(question)
        if explainer is None:
            return {}
        book = self._survey.codebook(question)
        fixed = [book.resolve(code) for code in question.fixed_codes]
        distinct = list(dict.fromkeys(texts.values()))
        found = dict(zip(distinct, explainer.explain(distinct, fixed), strict=True))
        shown = {text: explanation_text(explanation) for text, explanation in found.items()}
        return {
            answer_id: shown[text]
            for answer_id, text in texts.items()
            if shown[text] and {reason.code for reason in found[text].reasons} == set(codes.get(answer_id, ()))
        }

    def explainer(self, question: Question) -> Explainer | None:
        """Return the explainer of the model that coded the question, made once per codebook; None when it is gone."""
        book, examples = self._survey.codebook(question), examples_file(self._survey, question)
        try:
            if self._learned is None:
                self._learned = learned_models(self._survey, self._workspace)
            key = (book.digest, examples, self._learned.get(question.id))
            if key not in self._explainers:
                self._explainers[key] = self._load(question, key[2])
        except DuidingError as error:  # a model or file that is not there is no reason not to send the tasks
            self.left_out[question.id] = str(error)
            return None
        version, explainer = self._explainers[key] or ("", None)
        if explainer is None or version != self._coded.get(question.id, {}).get("model"):
            self.left_out[question.id] = OTHER_MODEL
            return None
        return explainer

    def _load(self, question: Question, learned: Path | None) -> tuple[str, Explainer] | None:
        """Return the version of the model in use and its explainer; None when that model must still be learned."""
        from pipeline.coding.classify import kept_model
        from pipeline.coding.embed import load_encoder
        from pipeline.coding.explain import Explainer

        book, name = self._survey.codebook(question), encoder_name(self._survey)
        examples = examples_of(self._survey, question)
        model = kept_model(
            book,
            encoder=name,
            examples=examples,
            seed=self._survey.seed,
            cache=self._workspace.path(FOLDER),
            learned=learned,
        )
        if model is None:
            return None
        return model.version, Explainer(model, load_encoder(name), examples, codebook=book)
