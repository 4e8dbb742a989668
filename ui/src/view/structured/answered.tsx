/** Questions that were answered, in the transcript. */

import { useDesk } from "../../desk";
import type { StructuredInput } from "../../protocol/items";

export function AnsweredQuestions({ item }: { item: StructuredInput }) {
  const words = useDesk().words.value;
  // What waits for its answer is in place of the message field.
  if (item.status === "pending") return null;
  const listed = (values: string[]) => new Intl.ListFormat(words.language, { type: "unit" }).format(values);
  return (
    <dl class="answers" part="structured">
      {item.inputs.map(({ id, question, answer }) => {
        const values = answer?.skipped ? [] : (answer?.values ?? []);
        return (
          <div key={id} class="answers-one">
            <dt dir="auto">{question}</dt>
            <dd dir="auto" class={values.length > 0 ? undefined : "answers-none"}>
              {values.length > 0 ? listed(values) : words.questionsSkipped}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
