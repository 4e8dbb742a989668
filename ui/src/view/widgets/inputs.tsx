/** Fields for text, on one line or on many. */

import type { TargetedEvent } from "preact";
import { useLayoutEffect } from "preact/hooks";

import { controlClass, useAutoFocus, useField, withoutExtensions } from "./field";
import type { PartProps } from "./scope";
import { among, text, whole } from "./tree";

export function Input({ node }: PartProps) {
  const field = useField(node);
  const element = useAutoFocus<HTMLInputElement>(node);
  const type = among(node["inputType"], ["text", "number", "email", "password", "tel", "url"]);
  return (
    <div class="widget-field">
      <input
        {...field.props}
        {...withoutExtensions(node)}
        ref={element}
        class={`${controlClass(node, "is-input")} ${gutter(node["gutterSize"])}`}
        // The types tell them apart where nothing differs for us.
        type={type as "text"}
        step={type === "number" ? "any" : undefined}
        dir={type === "text" ? "auto" : "ltr"}
        data-name={text(node["name"])}
        defaultValue={text(node["defaultValue"])}
        pattern={text(node["pattern"]) || undefined}
        // While it is shown, even without a word, the field goes as the page does.
        placeholder={text(node["placeholder"]) || " "}
        autoComplete="off"
        onFocus={node["autoSelect"] === true ? selectAll : undefined}
      />
      {field.trouble}
    </div>
  );
}

const MOST_ROWS = 40;

export function Textarea({ node }: PartProps) {
  const field = useField(node);
  const element = useAutoFocus<HTMLTextAreaElement>(node);
  const rows = whole(node["rows"], MOST_ROWS) ?? 3;
  const most = Math.max(rows, whole(node["maxRows"], MOST_ROWS) ?? 12);
  const grows = node["autoResize"] === true || node["maxRows"] !== undefined;
  const pattern = text(node["pattern"]);
  const look = (area: HTMLTextAreaElement) => {
    if (grows) for (area.rows = rows; area.rows < most && area.scrollHeight > area.clientHeight; ) area.rows += 1;
    area.setCustomValidity(!area.value || fits(area.value, pattern) ? "" : misfit());
  };
  useLayoutEffect(() => {
    if (element.current) look(element.current);
  }, [pattern, grows, rows, most]);
  return (
    <div class="widget-field">
      <textarea
        {...field.props}
        {...withoutExtensions(node)}
        ref={element}
        class={`${controlClass(node, "is-area")} ${gutter(node["gutterSize"])}`}
        dir="auto"
        rows={rows}
        data-name={text(node["name"])}
        defaultValue={text(node["defaultValue"])}
        // While it is shown, even without a word, the field goes as the page does.
        placeholder={text(node["placeholder"]) || " "}
        onInput={(event) => {
          field.props.onInput();
          look(event.currentTarget);
        }}
        onFocus={node["autoSelect"] === true ? selectAll : undefined}
      />
      {field.trouble}
    </div>
  );
}

export function selectAll(event: TargetedEvent<HTMLInputElement | HTMLTextAreaElement>): void {
  event.currentTarget.select();
}

/** Browsers check patterns of single lines only. */
function fits(value: string, pattern: string): boolean {
  if (!pattern) return true;
  try {
    return new RegExp(`^(?:${pattern})$`, "v").test(value);
  } catch {
    return true;
  }
}

/** What the browser says of such a line, in its own language. */
function misfit(): string {
  const line = document.createElement("input");
  line.pattern = "a";
  line.value = "b";
  return line.validationMessage;
}

function gutter(size: unknown): string {
  return ["2xs", "xs", "sm", "md", "lg", "xl"].includes(String(size)) ? `widget-gutter-${String(size)}` : "";
}
