// What others wrote that the front end contains, and the licences that they want handed on with it.
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

/** At the end of each script. */
export const NOTICE = "/*! With the work of others: ui/licences.txt */";

/** The text of `ui/licences.txt` for files that were built from these, each with its path from `root`. */
export async function licences(root, files) {
  const packages = new Set(files.map(packageOf).filter(Boolean));
  const texts = await Promise.all([...packages].sort().map((name) => licence(path.join(root, "node_modules", name), name)));
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/** The package that a file belongs to; ours belong to none. */
export function packageOf(file) {
  return /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

/** One that says nothing of its licence can't be built in. */
async function licence(folder, name) {
  const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((file) => /^licen[cs]e(\.\w+)?$/i.test(file));
  if (!file) throw new Error(`${name} has no file with its licence`);
  const text = (await readFile(path.join(folder, file), "utf8")).trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}
