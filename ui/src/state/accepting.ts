/** Which files may be attached, and why others may not. */

import type { AttachmentLimits } from "../settings";

export type Refusal =
  | { kind: "count"; most: number }
  | { kind: "type" }
  | { kind: "size"; most: number }
  | { kind: "empty" };

type Named = Pick<File, "name" | "type" | "size">;

/** Why it may not be attached beside `already` others; `null` where it may. */
export function refusalOf(file: Named, limits: AttachmentLimits, already: number): Refusal | null {
  if (already >= limits.maxCount) return { kind: "count", most: limits.maxCount };
  if (!isAccepted(file, limits)) return { kind: "type" };
  if (file.size === 0) return { kind: "empty" };
  const most = largest(mimeOf(file, limits), limits);
  return file.size > most ? { kind: "size", most } : null;
}

/** Browsers don't know what every file is, and servers ask for it. */
export function mimeOf({ name, type }: Pick<File, "name" | "type">, limits: AttachmentLimits | null): string {
  if (type) return type.split(";")[0]?.trim().toLowerCase() ?? type;
  const ending = endingOf(name);
  const accepted = Object.entries(limits?.accept ?? {}).find(
    ([mime, endings]) => !mime.includes("*") && endings.some((one) => dotted(one) === ending),
  );
  return accepted?.[0] ?? TEXTS[ending] ?? "application/octet-stream";
}

/** For the browser's file dialog. */
export function dialogFilter({ accept }: AttachmentLimits): string | undefined {
  if (!accept) return undefined;
  return Object.entries(accept).flatMap(([mime, endings]) => [mime, ...endings.map(dotted)]).join(",");
}

const TEXTS: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".json": "application/json",
  ".log": "text/plain",
  ".md": "text/markdown",
  ".sql": "application/sql",
  ".toml": "application/toml",
  ".txt": "text/plain",
  ".yaml": "application/yaml",
  ".yml": "application/yaml",
};

function isAccepted(file: Named, limits: AttachmentLimits): boolean {
  if (!limits.accept) return true;
  const mime = mimeOf(file, limits);
  const ending = endingOf(file.name);
  return Object.entries(limits.accept).some(
    ([pattern, endings]) => covers(pattern, mime) || endings.some((one) => dotted(one) === ending),
  );
}

/** The bound of the pattern that says most. */
function largest(mime: string, { maxSize }: AttachmentLimits): number {
  const patterns = Object.keys(maxSize).filter((pattern) => covers(pattern, mime));
  const closest = patterns.toSorted((one, other) => weight(other) - weight(one))[0];
  return (closest === undefined ? undefined : maxSize[closest]) ?? Infinity;
}

function weight(pattern: string): number {
  return pattern.includes("*") ? pattern.length : Infinity;
}

function covers(pattern: string, mime: string): boolean {
  const wanted = pattern.toLowerCase();
  if (wanted === "*" || wanted === "*/*") return true;
  return wanted.endsWith("/*") ? mime.startsWith(wanted.slice(0, -1)) : wanted === mime;
}

function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot).toLowerCase();
}

function dotted(ending: string): string {
  return (ending.startsWith(".") ? ending : `.${ending}`).toLowerCase();
}
