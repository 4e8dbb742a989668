// The Chromium that scripts start: the one that is named, else the first on the search path.
import { existsSync } from "node:fs";
import path from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

export const CHROMIUM = process.env.FRONTDESK_TEST_BROWSER ?? found();

function found() {
  const folders = process.env.PATH?.split(path.delimiter) ?? [];
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((place) => existsSync(place));
}
