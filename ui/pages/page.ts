/** The page at `/`: the chat, in the colours that its reader picks, and how to have it on a page of one's own. */

import type { ColorScheme } from "@openai/chatkit";

import type { Theme } from "../src/settings";
import { who } from "./address";
import { mount } from "./mount";

/** For any agent, whatever its tools are. */
const PROMPTS = [
  { label: "What can you do?", prompt: "What can you do?", icon: "sparkle" },
  { label: "How do I begin?", prompt: "How do I begin?", icon: "compass" },
] as const;

const ACCENTS = [
  ["Ink", ""],
  ["Blue", "#2563eb"],
  ["Green", "#15803d"],
  ["Violet", "#7c3aed"],
  ["Orange", "#c2410c"],
] as const;

const KEPT = "frontdesk.look";

/** How the reader wants the page; kept by the browser. */
interface Look {
  scheme: "" | ColorScheme;
  accent: string;
}

let look: Look = { scheme: "", accent: "", ...kept() };
const draw = mount(options());

part("#who").textContent = who ? `You are ${who}` : "";

for (const choice of document.querySelectorAll<HTMLInputElement>("#scheme input")) {
  choice.checked = choice.value === look.scheme;
  choice.addEventListener("change", () => change({ scheme: choice.value as Look["scheme"] }));
}

const accents = part("#accents");
for (const [name, colour] of ACCENTS) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = name;
  button.ariaLabel = name;
  button.style.setProperty("--accent", colour || "CanvasText");
  button.addEventListener("click", () => change({ accent: colour }));
  accents.append(button);
}
dress();

const lines = [
  `<script src="${new URL("chatkit.js", document.baseURI).href}" defer></script>`,
  `<openai-chatkit id="chat"></openai-chatkit>`,
  `<script type="module">`,
  `  document.getElementById("chat").setOptions({`,
  `    api: { url: "${new URL("chatkit", document.baseURI).href}", domainKey: "local" },`,
  `  });`,
  `</script>`,
].join("\n");
part("#lines").textContent = lines;
part("#copy").addEventListener("click", () => void copy());

function part(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

async function copy(): Promise<void> {
  const told = part("#told");
  told.textContent = await navigator.clipboard.writeText(lines).then(
    () => "Copied.",
    () => "The browser doesn't let the page copy; select the lines instead.",
  );
}

function change(changed: Partial<Look>): void {
  look = { ...look, ...changed };
  try {
    localStorage.setItem(KEPT, JSON.stringify(look));
  } catch {
    // Then it lasts until the page is left.
  }
  dress();
  draw(options());
}

function options(): Parameters<typeof mount>[0] {
  const theme: Theme = {
    colorScheme: look.scheme || "system",
    ...(look.accent && { color: { accent: { primary: look.accent, level: 2 } } }),
  };
  return { theme, startScreen: { prompts: PROMPTS.map((prompt) => ({ ...prompt })) } };
}

/** The page around the chat follows. */
function dress(): void {
  document.documentElement.style.colorScheme = look.scheme || "light dark";
  for (const [index, button] of [...document.querySelectorAll<HTMLElement>("#accents button")].entries()) {
    button.ariaPressed = String(ACCENTS[index]?.[1] === look.accent);
  }
}

function kept(): Partial<Look> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Look>;
  } catch {
    return {};
  }
}
