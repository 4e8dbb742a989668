/** An action's payload with the values of a form. Names with dots become objects within objects. Pure. */

/** A field's name and its value. */
export type Entry = readonly [name: string, value: FieldValue];
export type FieldValue = string | boolean | null;

type Values = Record<string, unknown>;

export interface Merged {
  payload: unknown;
  /** Names of fields whose place was taken: what an action says itself is stronger. */
  collisions: string[];
}

export function merged(payload: unknown, entries: readonly Entry[]): Merged {
  if (entries.length === 0) return { payload, collisions: [] };
  const isOpen = payload === undefined || payload === null || isRecord(payload);
  if (!isOpen) return { payload, collisions: entries.map(([name]) => name) };
  const own = isRecord(payload) ? payload : {};
  const collisions: string[] = [];
  let values: Values = {};
  for (const [name, value] of entries) {
    const path = name.split(".");
    if (path.some((step) => step === "" || step === "__proto__") || isTaken(own, path)) collisions.push(name);
    else values = withValue(values, path, value);
  }
  return { payload: over(values, own), collisions };
}

function isTaken(own: Values, path: readonly string[]): boolean {
  let here: unknown = own;
  for (const step of path) {
    if (!isRecord(here)) return true;
    if (!Object.hasOwn(here, step)) return false;
    here = here[step];
  }
  return true;
}

function withValue(values: Values, [step = "", ...rest]: readonly string[], value: FieldValue): Values {
  if (rest.length === 0) return { ...values, [step]: value };
  const inner = Object.hasOwn(values, step) ? values[step] : undefined;
  return { ...values, [step]: withValue(isRecord(inner) ? inner : {}, rest, value) };
}

/** Both, and where both have something, the second. */
function over(values: Values, own: Values): Values {
  const made: Values = { ...values };
  for (const [key, value] of Object.entries(own)) {
    const other = Object.hasOwn(values, key) ? values[key] : undefined;
    made[key] = isRecord(value) && isRecord(other) ? over(other, value) : value;
  }
  return made;
}

function isRecord(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
