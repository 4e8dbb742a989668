/** A thread in Arabic, with Latin words and figures in it, as an application's server would tell it. */
import type { Item, Question } from "../../src/protocol/items";
import type { WidgetNode } from "../../src/protocol/widget";
import type { Stand } from "./stand";

export { words } from "../../src/lazy/parts/locale-ar";

export const ANSWER = `## الأسعار

السعر من *C++* و\`C++\` هو **3.50** [هنا](https://example.com/prices) الآن.

- التفاح
- الكمثرى

| الفاكهة | السعر |
|:--|--:|
| تفاح | 1.20 |
| C++ | 2.00 |

\`\`\`js
let pears = 3;
\`\`\`

> كلام مقتبس`;

const label = (value: string, fieldName: string): WidgetNode => ({ type: "Label", value, fieldName });
const cell = (value: string): WidgetNode => ({ type: "Table.Cell", children: [{ type: "Text", value }] });
const row = (header: boolean, ...values: string[]): WidgetNode => ({ type: "Table.Row", header, children: values.map(cell) });

export const form: WidgetNode = {
  type: "Card",
  asForm: true,
  status: { text: "طلب جديد", icon: "calendar" },
  confirm: { label: "حفظ", action: { type: "save" } },
  cancel: { label: "رجوع", action: { type: "back" } },
  children: [
    { type: "Title", value: "الطلب" },
    label("الاسم", "name"),
    { type: "Input", name: "name", placeholder: "سارة" },
    label("الموقع", "site"),
    { type: "Input", name: "site", inputType: "url", placeholder: "عنوان الموقع" },
    label("ملاحظة", "note"),
    { type: "Textarea", name: "note" },
    label("الحجم", "size"),
    { type: "Select", name: "size", options: [{ value: "s", label: "صغير" }, { value: "l", label: "كبير" }] },
    label("اليوم", "day"),
    { type: "DatePicker", name: "day", defaultValue: "2026-03-17" },
    label("يوم آخر", "other"),
    { type: "DatePicker", name: "other", placeholder: "Another day" },
    { type: "Checkbox", name: "agreed", label: "أوافق", required: true },
  ],
};

export const table: WidgetNode = {
  type: "Table",
  children: [row(true, "الفاكهة", "السعر"), row(false, "تفاح", "3"), row(false, "C++", "4.50")],
};

export const chart: WidgetNode = {
  type: "Chart",
  data: [{ month: "مايو", sold: 3 }, { month: "يونيو", sold: 5 }, { month: "يوليو", sold: 2 }],
  xAxis: "month",
  showYAxis: true,
  series: [{ type: "bar", dataKey: "sold", label: "المبيعات" }],
};

export const sources = [
  { type: "url", title: "Price list (2026)", url: "https://www.example.com/prices", timestamp: "2026-01-02T12:00:00Z", description: "قائمة الأسعار الكاملة لهذه السنة" },
  { type: "file", title: "تقرير", filename: "report-2026.pdf" },
] as const;

export const questions: Question[] = [
  { type: "multiple_choice", id: "size", question: "أي حجم؟", options: [{ value: "صغير" }, { value: "XL (كبير)" }] },
  { type: "freeform", id: "why", question: "لماذا؟" },
];

/** What the user and the assistant have said, and the widgets. */
export function talk(stand: Stand): Item[] {
  const said = (text: string) => stand.item("user_message", { content: [{ type: "input_text", text }], attachments: [], inference_options: {} });
  const [page, file] = sources;
  return [
    said("كم سعر التفاح؟"),
    stand.said(ANSWER, [{ type: "annotation", index: 20, source: page }, { type: "annotation", index: 20, source: file }]),
    said("What about C++ (the language)?"),
    stand.item("widget", { widget: form }),
    stand.item("widget", { widget: { type: "Card", children: [{ type: "Title", value: "Sales of 2026" }, { type: "Text", value: "كل شهر" }, table, chart] } }),
  ];
}
