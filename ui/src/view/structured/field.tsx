/** The fields that questions are answered in. */

import { useId } from "preact/hooks";

import { useDesk } from "../../desk";
import type { ChoiceQuestion, FreeformQuestion } from "../../protocol/items";
import { isComposing } from "../composing";

interface ChoiceProps {
  name: string;
  question: ChoiceQuestion;
  values: readonly string[];
  onChoose(value: string, isTaken: boolean): void;
}

export function ChoiceField({ name, question, values, onChoose }: ChoiceProps) {
  const words = useDesk().words.value;
  return (
    <fieldset class="questions-field">
      <legend class="questions-text" dir="auto">
        {question.question} <span class="questions-hint">{question.multiple ? words.questionMany : words.questionOne}</span>
      </legend>
      <div class="questions-options">
        {question.options.map(({ value }) => (
          <label key={value} class="questions-option">
            <input
              type={question.multiple ? "checkbox" : "radio"}
              name={`${name}-${question.id}`}
              checked={values.includes(value)}
              onChange={(event) => onChoose(value, event.currentTarget.checked)}
            />
            <span dir="auto">{value}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface TextProps {
  question: FreeformQuestion;
  value: string;
  onWrite(value: string): void;
}

export function TextField({ question, value, onWrite }: TextProps) {
  const words = useDesk().words.value;
  const id = useId();
  return (
    <div class="questions-field">
      <label class="questions-text" for={id} dir="auto">
        {question.question}
      </label>
      {question.description && (
        <p id={`${id}-more`} class="questions-hint" dir="auto">
          {question.description}
        </p>
      )}
      <textarea
        id={id}
        class="questions-area"
        rows={3}
        dir="auto"
        placeholder={words.questionAnswer}
        aria-describedby={question.description ? `${id}-more` : undefined}
        value={value}
        onInput={(event) => onWrite(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
      />
    </div>
  );
}
