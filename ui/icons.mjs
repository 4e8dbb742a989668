// The built-in icons as one module: our names ▸ outlines, made at build time from lucide's shapes (ISC licence).
//
// An outline is the data of one SVG path, drawn as a line; one that begins with `!` is filled.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const shapes = path.join(path.dirname(fileURLToPath(import.meta.url)), "node_modules/lucide-static");

/** Our names ▸ lucide's; names that are the same in both are in `SAME`. */
const NAMES = {
  agent: "bot",
  analytics: "chart-no-axes-combined",
  "back-large": "arrow-left",
  "back-small": "chevron-left",
  batch: "layers",
  bolt: "zap",
  "book-closed": "book",
  "book-clock": "book-marked",
  chart: "chart-no-axes-column",
  "chat-temporary": "message-circle-dashed",
  "check-circle": "circle-check",
  close: "x",
  "circle-question": "circle-question-mark",
  "collapse-large": "minimize-2",
  "collapse-left": "arrow-left-to-line",
  "collapse-right": "arrow-right-to-line",
  "collapse-small": "minimize",
  compose: "square-pen",
  confetti: "party-popper",
  cube: "box",
  danger: "octagon-alert",
  "dark-mode": "moon",
  desktop: "monitor",
  document: "file-text",
  "dots-horizontal": "ellipsis",
  "dots-horizontal-circle": "circle-ellipsis",
  "dots-vertical": "ellipsis-vertical",
  "double-chevron-left": "chevrons-left",
  "double-chevron-right": "chevrons-right",
  "empty-circle": "circle",
  "expand-large": "maximize-2",
  "expand-small": "maximize",
  grid: "layout-grid",
  hamburger: "text-align-start",
  home: "house",
  "home-alt": "warehouse",
  keys: "key-round",
  lab: "flask-conical",
  lifesaver: "life-buoy",
  "light-mode": "sun",
  maps: "map",
  mention: "at-sign",
  "menu-inverted": "text-align-end",
  mobile: "smartphone",
  name: "whole-word",
  "notebook-pencil": "notebook-pen",
  "open-left": "arrow-left-from-line",
  "open-right": "arrow-right-from-line",
  "page-blank": "file",
  pencil: "pencil",
  "profile-card": "id-card",
  profile: "circle-user",
  reload: "rotate-cw",
  "settings-cog": "settings",
  "settings-slider": "sliders-horizontal",
  "sidebar-collapse-left": "panel-left-close",
  "sidebar-collapse-right": "panel-right-close",
  "sidebar-floating-left": "panel-left-dashed",
  "sidebar-floating-open-left": "square-arrow-left",
  "sidebar-floating-open-right": "square-arrow-right",
  "sidebar-floating-right": "panel-right-dashed",
  "sidebar-left": "panel-left",
  "sidebar-open-left": "panel-left-open",
  "sidebar-open-left-alt": "list-collapse",
  "sidebar-open-right": "panel-right-open",
  "sidebar-open-right-alt": "list-indent-increase",
  "sidebar-right": "panel-right",
  sparkle: "sparkle",
  "sparkle-double": "sparkles",
  "square-image": "image",
  "square-text": "letter-text",
  suitcase: "briefcase",
  trash: "trash-2",
  user: "user",
  warning: "triangle-alert",
  wreath: "award",
  write: "pen-line",
  "write-alt": "pen",
  "write-alt2": "feather",
};

const SAME = `
  arrow-down arrow-left arrow-right arrow-up atom book-open bug calendar check chevron-down chevron-left chevron-right
  chevron-up circle-alert circle-x clock compass copy download external-link file globe history images info lightbulb
  loader-circle lock mail map-pin menu mic minus notebook paperclip phone play plus quote search share square square-code
  star thumbs-down thumbs-up undo-2 wrench x
`;

/** Those that lucide doesn't have, or only as lines. */
const OWN = {
  dot: "!M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  "check-circle-filled":
    "!M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM8.3 12.7 11 15.4l4.7-4.7-1.4-1.4-3.3 3.3-1.3-1.3z",
  "dots-vertical-circle": "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM12 8h.01M12 12h.01M12 16h.01",
  stop: "!M7 5h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z",
};

/** An esbuild plugin: `import { outlines } from "icons:outlines"`. */
export const icons = {
  name: "icons",
  setup(bundle) {
    bundle.onResolve({ filter: /^icons:outlines$/ }, () => ({ path: "outlines", namespace: "icons" }));
    bundle.onLoad({ filter: /.*/, namespace: "icons" }, async () => {
      return { contents: `export const outlines = ${JSON.stringify(await outlines())};`, loader: "js" };
    });
  },
};

/** All of lucide's icons as files, for `lucide:NAME`: pairs of a name and a drawing. Older names are among them. */
export async function drawings() {
  const line = 'fill="none" stroke="#000" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  const files = (await readdir(path.join(shapes, "icons"))).filter((file) => file.endsWith(".svg"));
  return Promise.all(
    files.map(async (file) => {
      const shape = (await shapesOf(file)).map(([whole]) => whole.replace(" />", "/>")).join("");
      return [path.parse(file).name, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" ${line}>${shape}</svg>`];
    }),
  );
}

async function outlines() {
  const names = { ...Object.fromEntries(SAME.trim().split(/\s+/).map((name) => [name, name])), ...NAMES };
  const drawn = await Promise.all(Object.entries(names).map(async ([ours, theirs]) => [ours, await outline(theirs)]));
  const star = Object.fromEntries(drawn).star;
  return Object.fromEntries([...drawn, ...Object.entries(OWN), ["star-filled", `!${star}`]].sort());
}

async function outline(name) {
  return (await shapesOf(`${name}.svg`))
    .map(([, tag, text]) => rounded(pathOf(tag, attributes(text))))
    .join("");
}

/** Each with its tag and the text of its attributes. */
async function shapesOf(file) {
  const svg = await readFile(path.join(shapes, "icons", file), "utf8");
  return [...svg.matchAll(/<(path|circle|rect|line|ellipse|polyline|polygon)\s([^>]*?)\/?>/g)];
}

/** Two decimals are more than a pixel shows. Numbers stay apart where a point or a minus sign kept them so. */
function rounded(data) {
  return apart(data).replace(/(-?\d*\.\d{3,})(\.?)/g, (_, number, point) => {
    const short = String(Number(Number(number).toFixed(2))).replace(/^(-?)0\./, "$1.");
    const isApart = /^[-.]/.test(short) || !/^[-.]/.test(number);
    return `${isApart ? "" : " "}${short}${point && !short.includes(".") ? " " : ""}${point}`;
  });
}

/** An arc's two flags may stand against what follows them, as in `0 01.5`. */
function apart(data) {
  const number = "(-?(?:\\d+\\.?\\d*|\\.\\d+))[\\s,]*";
  const arc = new RegExp(`${number.repeat(3)}([01])[\\s,]*([01])[\\s,]*${number.repeat(2)}`, "g");
  return data.replace(/([aA])([^a-zA-Z]*)/g, (_, command, text) => {
    const arcs = [...text.matchAll(arc)].map((found) => found.slice(1).join(" "));
    return command + arcs.join(" ").replaceAll(" -", "-");
  });
}

function attributes(text) {
  return Object.fromEntries([...text.matchAll(/([a-z0-9]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

/** The shape as the data of a path. */
function pathOf(tag, given) {
  if (tag === "path") return absolute(given.d);
  if (tag === "polyline" || tag === "polygon") return `M${given.points}${tag === "polygon" ? "z" : ""}`;
  const number = (name) => Number(given[name] ?? 0);
  if (tag === "line") return `M${number("x1")} ${number("y1")}L${number("x2")} ${number("y2")}`;
  if (tag === "rect") return rectangle(number("x"), number("y"), number("width"), number("height"), number("rx") || number("ry"));
  const [rx, ry] = tag === "circle" ? [number("r"), number("r")] : [number("rx"), number("ry")];
  return `M${number("cx") - rx} ${number("cy")}a${rx} ${ry} 0 1 0 ${2 * rx} 0 ${rx} ${ry} 0 1 0-${2 * rx} 0z`;
}

/** A path that begins with `m` would begin where the one before it ended. Further pairs after it are lines. */
function absolute(data) {
  const number = "-?(?:\\d+\\.?\\d*|\\.\\d+)";
  return data.replace(new RegExp(`^m(${number})[ ,]?(${number})\\s*(?=([-.\\d])?)`), (_, x, y, pair) => {
    return `M${x} ${y}${pair ? "l" : ""}`;
  });
}

function rectangle(x, y, width, height, radius) {
  if (!radius) return `M${x} ${y}h${width}v${height}h-${width}z`;
  const corner = (dx, dy) => `a${radius} ${radius} 0 0 1 ${dx} ${dy}`;
  const [across, down] = [width - 2 * radius, height - 2 * radius];
  return (
    `M${x + radius} ${y}h${across}${corner(radius, radius)}v${down}${corner(-radius, radius)}` +
    `h-${across}${corner(-radius, -radius)}v-${down}${corner(radius, -radius)}z`
  );
}
