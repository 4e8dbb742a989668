/** Widgets that have, together, every component there is. */
import type { WidgetNode } from "../../src/protocol/widget";

const option = (value: string) => ({ label: value, value });
const label = (fieldName: string): WidgetNode => ({ type: "Label", value: `The ${fieldName}`, fieldName });
const cell = (value: string): WidgetNode => ({ type: "Table.Cell", children: [{ type: "Text", value }] });
const action = { type: "press" };

const texts: WidgetNode[] = [
  { type: "Title", value: "Everything" },
  { type: "Text", value: "Some text" },
  { type: "Caption", value: "And what is small" },
  { type: "Markdown", value: "**Marked** [down](https://example.com)" },
  { type: "Text", value: "Some text that is yours", editable: { name: "yours", placeholder: "Some text" } },
];
const layout: WidgetNode[] = [
  {
    type: "Row",
    children: [
      { type: "Icon", name: "sparkle" },
      { type: "Badge", label: "New", color: "success" },
      { type: "Badge", label: "Soon", color: "warning", variant: "outline" },
      { type: "Spacer" },
      { type: "Box", background: "surface-secondary", padding: 2, children: [{ type: "Text", value: "In a box" }] },
    ],
  },
  { type: "Divider" },
  { type: "Col", children: [{ type: "Image", src: "/picture.svg", alt: "A picture", size: 40 }] },
  {
    type: "Row",
    children: ["primary", "secondary", "info", "success", "warning", "danger", "discovery", "caution"].map((color) => ({
      type: "Button",
      label: color,
      color,
      onClickAction: action,
    })),
    wrap: "wrap",
  },
];
const form: WidgetNode = {
  type: "Form",
  onSubmitAction: { type: "submit" },
  children: [
    label("name"),
    { type: "Input", name: "name", placeholder: "Ann" },
    label("story"),
    { type: "Textarea", name: "story" },
    label("size"),
    { type: "Select", name: "size", options: [option("Small"), option("Large")], placeholder: "Choose" },
    label("fruit"),
    { type: "Select", name: "fruit", searchable: true, options: [option("Apple"), option("Pear")] },
    label("day"),
    { type: "DatePicker", name: "day" },
    { type: "Checkbox", name: "agreed", label: "Agreed" },
    label("colour"),
    { type: "RadioGroup", name: "colour", options: [option("Red"), option("Blue")] },
    { type: "Button", submit: true, label: "Send it" },
  ],
};
const data: WidgetNode[] = [
  {
    type: "Table",
    children: [
      { type: "Table.Row", header: true, children: [cell("Fruit"), cell("Price")] },
      { type: "Table.Row", children: [cell("Apple"), cell("3")] },
    ],
  },
  {
    type: "Chart",
    data: [{ month: "May", sold: 3, left: 2 }, { month: "June", sold: 5, left: 1 }],
    xAxis: "month",
    series: [
      { type: "bar", dataKey: "sold", label: "Sold" },
      { type: "line", dataKey: "left", label: "Left" },
    ],
  },
];

export const everything: WidgetNode = {
  type: "Card",
  status: { text: "Just now", icon: "clock" },
  children: [...texts, ...layout, form, ...data],
  confirm: { label: "Yes", action },
  cancel: { label: "No", action },
};

export const list: WidgetNode = {
  type: "ListView",
  limit: 2,
  children: ["Apple", "Pear", "Plum"].map((value) => ({ type: "ListViewItem", onClickAction: action, children: [{ type: "Text", value }] })),
};

export const basic: WidgetNode = {
  type: "Basic",
  children: [{ type: "Transition", children: [{ type: "Text", value: "Just come" }] }],
};

export const folded: WidgetNode = { type: "Card", collapsed: true, status: { text: "Done" }, children: [{ type: "Text", value: "All of it" }] };

export const approval: WidgetNode = {
  type: "Card",
  key: "frontdesk.approval/pending",
  children: [
    { type: "Title", value: "May it be deleted?" },
    { type: "Button", label: "Approve", style: "primary", color: "danger", onClickAction: action },
    { type: "Button", label: "Decline", style: "secondary", onClickAction: action },
  ],
};

/** In this order they are shown. */
export const all: readonly WidgetNode[] = [everything, list, basic, folded, approval];
