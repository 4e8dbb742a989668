/** Items ▸ turns: a message of the user's with all that answers it. Pure. */

import type { Item } from "../../protocol/items";
import { standingOf } from "../widgets/approval";

export interface Turn {
  /** The id of the item that was its first when it was first seen. */
  readonly key: string;
  readonly items: readonly Item[];
}

/** The turns of the items. Those whose items are the very same as before are the very same. */
export function turnsOf(items: readonly Item[], before: readonly Turn[] = []): readonly Turn[] {
  // A turn that is loaded by halves keeps its key, so that what was typed into it stays.
  const known = new Map(before.flatMap((turn) => turn.items.map((item) => [item.id, turn] as const)));
  const turns: Turn[] = [];
  let start = 0;
  for (let end = 1; end <= items.length; end += 1) {
    if (end < items.length && items[end]?.type !== "user_message") continue;
    turns.push(turn(items, start, end, known));
    start = end;
  }
  return turns;
}

function turn(items: readonly Item[], start: number, end: number, known: Map<string, Turn>): Turn {
  const mine = items.slice(start, end);
  const old = mine.map(({ id }) => known.get(id)).find((turn) => turn);
  if (!old) return { key: mine[0]?.id ?? "", items: mine };
  // Should it fall apart, the key is for one part alone.
  old.items.forEach(({ id }) => known.delete(id));
  const isSame = old.items.length === mine.length && old.items.every((item, place) => item === mine[place]);
  return isSame ? old : { key: old.key, items: mine };
}

/** A turn's answers: each ends where the server says that a turn does. */
export function answersOf(turn: Turn): Item[][] {
  const answers: Item[][] = [[]];
  for (const item of turn.items) {
    if (item.type === "end_of_turn") answers.push([]);
    else if (item.type !== "user_message") answers.at(-1)?.push(item);
  }
  return answers.filter((answer) => answer.some(isShown));
}

/** Whether the assistant asks for a decision, and nobody has made it. */
export function asks({ items }: Turn): boolean {
  return items.some((item) => item.type === "widget" && standingOf(item.widget) === "pending");
}

/** Whether there is anything to see of it. */
export function isShown(item: Item): boolean {
  switch (item.type) {
    case "client_tool_call":
    case "end_of_turn":
    case "hidden_context_item":
    case "sdk_hidden_context":
      return false;
    case "structured_input":
      return item.status !== "pending";
    case "assistant_message":
      return item.content.some(({ text }) => text.trim());
    case "workflow":
    case "task":
    case "user_message":
    case "widget":
    case "generated_image":
      return true;
    default:
      // Kinds of items that a later server knows.
      return false;
  }
}
