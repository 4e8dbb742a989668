/** Texts: plain ones, titles, captions, labels, badges, Markdown. */

import { Markdown } from "../markdown/markdown";
import { colour } from "./colour";
import { useAutoFocus, useField, withoutExtensions } from "./field";
import { selectAll } from "./inputs";
import { fieldId, useScope, type PartProps } from "./scope";
import { length, type Style } from "./style";
import { among, text, whole } from "./tree";

const MOST_LINES = 100;

export function Text({ node }: PartProps) {
  const { editable } = node;
  if (typeof editable === "object" && editable !== null) return <Editable node={node} props={editable as Record<string, unknown>} />;
  return (
    <p class={`widget-text ${look(node)} widget-text-${among(node["size"], ["md", "xs", "sm", "lg", "xl"])}`} style={styleOf(node)} dir="auto">
      {text(node["value"])}
      {node["streaming"] === true && <span class="widget-caret" />}
    </p>
  );
}

export function Title({ node }: PartProps) {
  return (
    <h3 class={`widget-title ${look(node)} widget-title-${among(node["size"], ["md", "sm", "lg", "xl", "2xl", "3xl", "4xl", "5xl"])}`} style={styleOf(node)} dir="auto">
      {text(node["value"])}
    </h3>
  );
}

export function Caption({ node }: PartProps) {
  return (
    <p class={`widget-caption ${look(node)} widget-caption-${among(node["size"], ["md", "sm", "lg"])}`} style={styleOf(node)} dir="auto">
      {text(node["value"])}
    </p>
  );
}

export function Label({ node }: PartProps) {
  const id = fieldId(useScope(), text(node["fieldName"]));
  return (
    <label id={`${id}-label`} for={id} class={`widget-label ${look(node)} widget-text-${among(node["size"], ["sm", "xs", "md", "lg", "xl"])}`} style={styleOf(node)} dir="auto">
      {text(node["value"])}
    </label>
  );
}

export function MarkdownText({ node }: PartProps) {
  const isOpen = node["streaming"] === true;
  return (
    <div class={isOpen ? "widget-markdown is-open" : "widget-markdown"}>
      <Markdown text={text(node["value"])} streaming={isOpen} />
    </div>
  );
}

export function Badge({ node }: PartProps) {
  const tone = among(node["color"], ["secondary", "success", "danger", "warning", "info", "discovery"]);
  const variant = among(node["variant"], ["soft", "solid", "outline"]);
  const shape = node["pill"] === true ? " is-pill" : "";
  return (
    <span class={`widget-badge widget-tone-${tone} is-${variant} size-${among(node["size"], ["md", "sm", "lg"])}${shape}`} dir="auto">
      {text(node["label"])}
    </span>
  );
}

/** A text that the user may write over. */
function Editable({ node, props }: PartProps & { props: Record<string, unknown> }) {
  const field = useField({ type: "Text", ...props });
  const single = useAutoFocus<HTMLInputElement>(props);
  const many = useAutoFocus<HTMLTextAreaElement>(props);
  const rows = whole(node["minLines"], MOST_LINES) ?? 1;
  const shared = {
    ...field.props,
    ...withoutExtensions(props),
    class: `widget-editable ${look(node)} widget-text-${among(node["size"], ["md", "xs", "sm", "lg", "xl"])}`,
    style: styleOf({ ...node, minLines: undefined }),
    dir: "auto" as const,
    "data-name": text(props["name"]),
    defaultValue: text(node["value"]),
    placeholder: text(props["placeholder"]) || undefined,
    autoComplete: text(props["autoComplete"]) || "off",
    onFocus: props["autoSelect"] === true ? selectAll : undefined,
  };
  return (
    <div class="widget-field">
      {rows > 1 ? <textarea {...shared} ref={many} rows={rows} /> : <input {...shared} ref={single} type="text" pattern={text(props["pattern"]) || undefined} />}
      {field.trouble}
    </div>
  );
}

function look(node: PartProps["node"]): string {
  const names = [
    ["normal", "medium", "semibold", "bold"].includes(text(node["weight"])) && `widget-weight-${text(node["weight"])}`,
    ["start", "center", "end"].includes(text(node["textAlign"])) && `widget-align-${text(node["textAlign"])}`,
    node["italic"] === true && "is-italic",
    node["lineThrough"] === true && "is-struck",
    node["truncate"] === true && "is-cut",
    node["truncate"] !== true && whole(node["maxLines"], MOST_LINES) && "is-clamped",
  ];
  return names.filter(Boolean).join(" ");
}

function styleOf(node: PartProps["node"]): Style {
  const style: Style = {};
  const ink = colour(node["color"], "text");
  if (ink) style["color"] = ink;
  const width = length(node["width"]);
  if (width) style["width"] = width;
  const [least, most] = [whole(node["minLines"], MOST_LINES), whole(node["maxLines"], MOST_LINES)];
  if (least) style["minHeight"] = `${least}lh`;
  if (most) style["--lines"] = String(most);
  return style;
}
