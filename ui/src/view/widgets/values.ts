/** What a form holds, and whether it may be sent. */

import type { Entry, FieldValue } from "./payload";

/** Fields have no `name` of their own: one such as `elements` would hide what a form can do. */
export function readForm(form: HTMLFormElement): Entry[] {
  const values = new Map<string, FieldValue>();
  for (const control of form.elements) {
    if (!isControl(control) || control.disabled) continue;
    const name = control.dataset["name"];
    if (!name) continue;
    if (control.type !== "radio") values.set(name, valueOf(control));
    else if (control instanceof HTMLInputElement && control.checked) values.set(name, control.value);
    else if (!values.has(name)) values.set(name, null);
  }
  return [...values];
}

/** What is chosen or dated and isn't, is nothing; a text may be empty. A date that was there keeps its time. */
export function valueOf(control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement): FieldValue {
  const { whole } = control.dataset;
  if (control.type === "date" && control.value && whole?.startsWith(control.value)) return whole;
  if (control.type === "checkbox" && control instanceof HTMLInputElement) return control.checked;
  const isChosen = control instanceof HTMLSelectElement || control.type === "date" || control.type === "hidden";
  return isChosen ? control.value || null : control.value;
}

/** Where not, each field says why, and the first one has the focus. */
export function isValid(form: HTMLFormElement): boolean {
  const wrong = [...form.elements].filter((control) => isControl(control) && !control.checkValidity());
  const [first] = wrong;
  if (first instanceof HTMLElement) first.focus();
  return wrong.length === 0;
}

function isControl(element: Element): element is HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
}
