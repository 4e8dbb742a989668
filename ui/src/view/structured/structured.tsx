/** Questions that the assistant asks, in place of the message field: one at a time. */

import type { Signal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { isStop } from "../../client/failure";
import { useDesk } from "../../desk";
import { fill } from "../../locale/fill";
import type { Question, StructuredInput } from "../../protocol/items";
import { chosen, isAnswered, skipped, submission, type Answers } from "./answers";
import { ChoiceField, TextField } from "./field";

/** How far a form is filled in. */
export interface Filling {
  answers: Answers;
  place: number;
  /** Why the server didn't take the answers. */
  complaint: string;
}

interface FormProps {
  item: StructuredInput;
  /** Those of all questions, by item. They outlive the form, which makes room for the message field while an answer runs. */
  fillings: Signal<Readonly<Record<string, Filling>>>;
}

const BLANK: Filling = { answers: {}, place: 0, complaint: "" };

export function StructuredForm({ item, fillings }: FormProps) {
  const { chat, words } = useDesk();
  const { answers, place, complaint } = fillings.value[item.id] ?? BLANK;
  const form = useRef<HTMLFormElement>(null);
  const isNew = useRef(true);
  const name = useId();
  useLayoutEffect(() => {
    // The message field has gone, and the focus with it. Nothing is taken from a page that is only just being read.
    const isFree = navigator.userActivation?.hasBeenActive && document.activeElement === document.body;
    const [first, ...others] = form.current?.querySelectorAll<HTMLElement>("input, textarea") ?? [];
    const field = others.find((one) => one.matches('[type="radio"]:checked')) ?? first;
    if (!isNew.current || isFree) field?.focus();
    isNew.current = false;
  }, [place]);
  const question = item.inputs[place];
  if (!question) return null;
  const isLast = place === item.inputs.length - 1;

  const change = (changed: Partial<Filling>) => {
    const all = fillings.peek();
    fillings.value = { ...all, [item.id]: { ...BLANK, ...all[item.id], ...changed } };
  };
  const send = async (all: Answers) => {
    change({ complaint: "" });
    try {
      await chat.submit(item.id, submission(item.inputs, all));
    } catch (error) {
      // Whoever stopped it knows why the form is here again.
      if (!isStop(error)) change({ complaint: error instanceof Error && error.message ? error.message : words.value.failed });
    }
  };
  const goOn = (all: Answers) => (isLast ? void send(all) : change({ place: place + 1 }));

  return (
    <form
      ref={form}
      class="questions"
      part="structured"
      aria-label={words.value.questions}
      onSubmit={(event) => {
        event.preventDefault();
        if (isAnswered(question, answers)) goOn(answers);
      }}
    >
      {item.inputs.length > 1 && (
        <p class="questions-place">
          {fill(words.value.question, { number: place + 1, count: item.inputs.length })}
        </p>
      )}
      <Field
        key={question.id}
        name={name}
        question={question}
        answers={answers}
        onAnswer={(given) => change({ answers: given })}
      />
      {complaint && <p class="questions-complaint" role="alert">{complaint}</p>}
      <div class="questions-buttons">
        {place > 0 && (
          <button type="button" class="button" onClick={() => change({ place: place - 1 })}>
            {words.value.back}
          </button>
        )}
        <span class="questions-gap" />
        <button
          type="button"
          class="button"
          onClick={() => {
            const all = skipped(question, answers);
            change({ answers: all });
            goOn(all);
          }}
        >
          {words.value.skip}
        </button>
        <button type="submit" class="button is-primary" disabled={!isAnswered(question, answers)}>
          {isLast ? words.value.send : words.value.next}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  name: string;
  question: Question;
  answers: Answers;
  onAnswer(answers: Answers): void;
}

function Field({ name, question, answers, onAnswer }: FieldProps) {
  const values = answers[question.id]?.values ?? [];
  const answer = (value: string, isTaken: boolean) => onAnswer(chosen(question, answers, value, isTaken));
  if (question.type === "multiple_choice") {
    return <ChoiceField name={name} question={question} values={values} onChoose={answer} />;
  }
  return <TextField question={question} value={values[0] ?? ""} onWrite={(value) => answer(value, true)} />;
}
