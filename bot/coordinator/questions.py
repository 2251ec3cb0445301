"""Decisions that are not a worker's own: what is asked, of whom it waits, and how it goes on.

A worker decides by the project's own documents. What cannot be undone, touches security, costs money,
publishes, or changes a specification it leaves to a person, as two to four options. Such a question waits
for ever: no default is ever acted on by itself. The one who may release the bead answers it, and the next
attempt is told.
"""

from __future__ import annotations

from bot.beads.report import Question as Asked
from bot.beads.visible_text import one_line
from bot.coordinator import shaping
from bot.coordinator.claims import Answer
from bot.coordinator.decision import Draft
from bot.coordinator.history import History, Option, Question
from bot.coordinator.quoting import LINE, quotation, quoted, quoted_line
from bot.coordinator.said import Said
from bot.coordinator.snapshot import Snapshot

GATES = {
    "irreversible": "it cannot be undone",
    "security": "it touches security",
    "money": "it costs money",
    "publishing": "it publishes something",
    "spec": "it changes a specification",
}
DECIDED = 10
"""How many answered questions a bead remembers."""


def ask(snapshot: Snapshot, history: History, asked: Asked) -> History:
    """The history with a worker's question waiting; its words are harmless from here on."""
    question = Question(
        text=quoted(snapshot, asked.text).strip(),
        gate=asked.gate,
        options=tuple(Option(key=one.key, text=quoted_line(snapshot, one.text)) for one in asked.options),
        recommended=asked.recommended,
        default=asked.default,
    )
    return history.model_copy(update={"question": question})


def reason(question: Question) -> str:
    """Why the bead does not go on, in a line."""
    if question.draft is not None:
        return f"a draft for its text waits for a yes or no: {_commands(question)}"
    return f"it waits for a decision: {one_line(question.text)[:LINE]} Answer with {_commands(question)}"


def question_text(question: Question) -> str:
    """The question as a comment shows it."""
    rows = [f"- **{one.key}**: {one.text}" + _marks(question, one.key) for one in question.options]
    why = GATES.get(question.gate)
    left = f" It is left to a person because {why}." if why else ""
    how = f"Answer with one of: {_commands(question)}."
    waits = "Until then nothing happens: no answer is ever taken for granted."
    return f"{quotation(question.text)}\n\n" + "\n".join(rows) + f"\n\n{how}{left} {waits}"


def answer(said: Said, draft: Draft) -> Answer:
    """`/bead answer KEY`: the waiting question is decided."""
    bead = said.bead.number
    known = draft.claims.of(bead)
    question = known.question
    if question is None:
        return Answer(done=False, reply=f"Nothing was asked on #{bead} when you said that.")
    chosen = [one.key for one in question.options if one.key.lower() == said.command.text.strip().lower()]
    if not chosen:
        return Answer(done=False, reply=f"That is none of the answers. Say one of: {_commands(question)}.")
    if question.draft is not None:
        refused = shaping.use(said, question.draft, draft) if chosen == ["yes"] else None
        if refused is not None:
            return Answer(done=False, reply=refused)
        draft.claims = draft.claims.remember(bead, question=None)
        return Answer(done=True)
    decided = question.model_copy(update={"answer": chosen[0], "answered_by": said.comment.login})
    kept = (*known.decided, decided)[-DECIDED:]
    draft.claims = draft.claims.remember(bead, question=None, decided=kept)
    return Answer(done=True)


def _marks(question: Question, key: str) -> str:
    marks = [
        word
        for word, marked in (("recommended", question.recommended), ("safe default", question.default))
        if marked == key
    ]
    return f" ({', '.join(marks)})" if marks else ""


def _commands(question: Question) -> str:
    return ", ".join(f"`/bead answer {one.key}`" for one in question.options)
