/** Actions that the page itself handles. */

import type { Widgets } from "@openai/chatkit";

import type { Item } from "../protocol/items";
import type { Action } from "../protocol/widget";
import type { Settings } from "../settings";

/** Settles when the page's handler has. */
export async function askPage(action: Action, item: Item | undefined, handle: Settings["onWidgetAction"]): Promise<void> {
  if (!handle) throw new Error(`the page handles no actions; a widget asked for ${action.type}`);
  if (item?.type !== "widget") throw new Error(`only a widget of the thread may ask the page for ${action.type}`);
  const { type, payload } = action;
  // The protocol leaves open what a payload and a widget are; the application made both.
  await handle(
    { type, payload: payload as Record<string, unknown> | undefined },
    { id: item.id, widget: item.widget as unknown as Widgets.Card },
  );
}
