/** Items with what a server may have left out of them: what is drawn doesn't ask. */

import type { Annotation, AssistantContent, Item } from "../protocol/items";

export function whole<T extends Item>(item: T): T;
export function whole(item: Item): Item {
  switch (item.type) {
    case "user_message": {
      const { content, attachments, inference_options: options } = item;
      return { ...item, content: list(content), attachments: list(attachments), inference_options: options ?? {} };
    }
    case "assistant_message":
      return { ...item, content: list(item.content).map(wholePart) };
    case "workflow":
      return { ...item, workflow: { ...item.workflow, tasks: list(item.workflow?.tasks) } };
    case "widget":
      return { ...item, widget: item.widget ?? { type: "Basic" } };
    case "task":
      return { ...item, task: item.task ?? { type: "custom" } };
    case "structured_input":
      return { ...item, inputs: list(item.inputs) };
    default:
      return item;
  }
}

export function wholePart(part: AssistantContent): AssistantContent {
  const isWhole = ({ source }: Annotation) => Boolean(source);
  return { ...part, text: part.text ?? "", annotations: list(part.annotations).filter(isWhole) };
}

function list<T>(value: readonly T[] | null | undefined): T[] {
  return Array.isArray(value) ? value.filter((one) => one !== null && one !== undefined) : [];
}
