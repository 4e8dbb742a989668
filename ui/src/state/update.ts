/** An update of an item ▸ the item as it is then. What doesn't fit the item changes nothing. */

import type { ItemUpdate } from "../protocol/events";
import type { AssistantContent, AssistantMessage, Item, Task, WorkflowItem } from "../protocol/items";
import { childrenOf, type WidgetNode } from "../protocol/widget";
import { wholePart } from "./whole";

/** The item after the update; the very same one where there is nothing to change. */
export function updated(item: Item, update: ItemUpdate): Item {
  switch (item.type) {
    case "assistant_message":
      return message(item, update);
    case "workflow":
      return workflow(item, update);
    case "widget": {
      const widget = node(item.widget, update);
      return widget === item.widget ? item : { ...item, widget };
    }
    case "generated_image":
      return update.type === "generated_image.updated" ? { ...item, image: update.image } : item;
    default:
      return item;
  }
}

function message(item: AssistantMessage, update: ItemUpdate): Item {
  const part = (index: number, change: (part: AssistantContent) => AssistantContent): Item => {
    const content = [...item.content];
    // A delta may come before the part that it belongs to was announced.
    while (content.length <= index) content.push({ type: "output_text", text: "", annotations: [] });
    content[index] = change(content[index]!);
    return { ...item, content };
  };
  switch (update.type) {
    case "assistant_message.content_part.added":
    case "assistant_message.content_part.done":
      return part(update.content_index, () => wholePart(update.content));
    case "assistant_message.content_part.text_delta":
      return part(update.content_index, (old) => ({ ...old, text: old.text + update.delta }));
    case "assistant_message.content_part.annotation_added":
      return part(update.content_index, (old) => {
        const annotations = [...old.annotations];
        annotations[update.annotation_index] = update.annotation;
        return { ...old, annotations: annotations.filter(Boolean) };
      });
    default:
      return item;
  }
}

function workflow(item: WorkflowItem, update: ItemUpdate): Item {
  if (update.type !== "workflow.task.added" && update.type !== "workflow.task.updated") return item;
  const tasks: Task[] = [...item.workflow.tasks];
  const { task_index: index, task } = update;
  if (!task) return item;
  if (update.type === "workflow.task.updated" && index < tasks.length) tasks[index] = task;
  else tasks.splice(index, 0, task);
  return { ...item, workflow: { ...item.workflow, tasks } };
}

function node(root: WidgetNode, update: ItemUpdate): WidgetNode {
  switch (update.type) {
    case "widget.root.updated":
      return update.widget ?? root;
    case "widget.component.updated":
      return replaced(root, update.component_id, (old) => update.component ?? old);
    case "widget.streaming_text.value_delta":
      return replaced(root, update.component_id, (old) => ({
        ...old,
        value: String(old["value"] ?? "") + update.delta,
        streaming: !update.done,
      }));
    default:
      return root;
  }
}

/** The tree with another node of this id. Branches without it stay the very same. */
function replaced(tree: WidgetNode, id: string, change: (old: WidgetNode) => WidgetNode): WidgetNode {
  if (tree.id === id) return change(tree);
  const old = childrenOf(tree);
  const children = old.map((child) => replaced(child, id, change));
  if (children.every((child, index) => child === old[index])) return tree;
  return { ...tree, children: Array.isArray(tree.children) ? children : children[0]! };
}
