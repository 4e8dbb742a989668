/** Answers that are being given to questions, and what is sent of them. Pure. */

import type { Answer, Question } from "../../protocol/items";
import type { StructuredSubmission } from "../../protocol/requests";

export type Answers = Readonly<Record<string, Answer>>;

export function isAnswered(question: Question, answers: Answers): boolean {
  return (answers[question.id]?.values ?? []).some((value) => value.trim());
}

/** With an option taken, or taken back. */
export function chosen(question: Question, answers: Answers, value: string, isTaken: boolean): Answers {
  const isMany = question.type === "multiple_choice" && question.multiple === true;
  const others = isMany ? (answers[question.id]?.values ?? []).filter((other) => other !== value) : [];
  return { ...answers, [question.id]: { values: isTaken ? [...others, value] : others } };
}

export function skipped(question: Question, answers: Answers): Answers {
  return { ...answers, [question.id]: { values: [], skipped: true } };
}

/** What the server is told. Where everything was skipped, the whole is. */
export function submission(questions: readonly Question[], answers: Answers): StructuredSubmission {
  const given = questions.map((question): [string, Answer] => {
    const values = (answers[question.id]?.values ?? []).map((value) => value.trim()).filter(Boolean);
    return [question.id, values.length > 0 ? { values } : { values, skipped: true }];
  });
  const isSkipped = given.every(([, answer]) => answer.skipped);
  return { status: isSkipped ? "skipped" : "answered", answers: Object.fromEntries(given) };
}
