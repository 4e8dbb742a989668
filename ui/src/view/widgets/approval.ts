/** The server's question whether a tool may be used: how it stands. */

import type { WidgetNode } from "../../protocol/widget";
import { text } from "./tree";

const TYPE = "frontdesk.approval";

export type Standing = "pending" | "approved" | "declined" | "put-aside";

/** None for any other widget. */
export function standingOf(node: WidgetNode): Standing | undefined {
  const [type, standing] = text(node.key).split("/");
  if (type !== TYPE) return undefined;
  switch (standing) {
    case "pending":
    case "approved":
    case "declined":
      return standing;
    default:
      return "put-aside";
  }
}

export const ICONS: Record<Standing, string> = {
  pending: "keys",
  approved: "check-circle",
  declined: "circle-x",
  "put-aside": "empty-circle",
};
