/** The line above a card or a list: how it stands, or whose it is. */

import { Icon } from "../../icons/icon";
import { usePicture } from "./picture";
import { text } from "./tree";

export function Status({ status }: { status: unknown }) {
  const given = Object(status) as Record<string, unknown>;
  const favicon = usePicture(text(given["favicon"]));
  const icon = text(given["icon"]);
  const words = text(given["text"]);
  if (!words) return null;
  return (
    <span class="widget-status">
      {favicon && <img class={given["frame"] === true ? "widget-favicon is-framed" : "widget-favicon"} src={favicon} alt="" referrerPolicy="no-referrer" />}
      {!favicon && icon && <Icon name={icon} size={16} />}
      <span dir="auto">{words}</span>
    </span>
  );
}
