// Builds the front end into a folder: `node build.mjs [folder] [--sizes]`.
//
// `chatkit.js` runs as a classic and as a module script, so it has neither imports nor exports. What isn't needed at
// once are modules in the folder `ui/` beside it; they take Preact from the main file (see `src/lazy`). Our own pages
// are there, too.
import { build, transform } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { drawings, icons } from "./icons.mjs";
import { licences, NOTICE } from "./licences.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const named = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
const out = path.resolve(named ?? path.join(here, "dist"));

/** Style sheets are taken in as minified text. */
const styles = {
  name: "styles",
  setup(bundle) {
    bundle.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { code } = await transform(await readFile(file, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

/** Of marked only what reads: what stands behind it writes HTML, and would stay in the bundle though nobody calls it. */
const reading = {
  name: "reading",
  setup(bundle) {
    bundle.onLoad({ filter: /\bmarked\.esm\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      const lexer = /\b(\w+) as Lexer\b/.exec(text)?.[1];
      const end = text.search(/;var \w+=new \w+;function /);
      if (!lexer || end < 0) throw new Error("marked isn't built as it was: see where its classes end");
      return { contents: `${text.slice(0, end)};export{${lexer} as Lexer};`, loader: "js" };
    });
  },
};

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "eof",
  footer: { js: NOTICE },
  metafile: true,
  plugins: [styles, icons, reading],
  logLevel: "warning",
};

const entries = async (folder) => (await readdir(path.join(here, folder))).filter((name) => /\.tsx?$/.test(name));

await rm(out, { recursive: true, force: true });
await mkdir(path.join(out, "ui/lucide"), { recursive: true });
const main = await build({ ...common, entryPoints: ["src/main.ts"], outfile: path.join(out, "chatkit.js"), format: "iife" });
const lazy = await entries("src/lazy/parts");
const parts = await build({
  ...common,
  entryPoints: lazy.map((name) => `src/lazy/parts/${name}`),
  outdir: path.join(out, "ui"),
  format: "esm",
  // One copy of Preact on the page: the main file's.
  alias: {
    preact: "./src/lazy/preact.ts",
    "preact/hooks": "./src/lazy/preact.ts",
    "preact/jsx-runtime": "./src/lazy/preact.ts",
    "@preact/signals": "./src/lazy/preact.ts",
  },
});
await build({
  ...common,
  plugins: [],
  entryPoints: ["page.ts", "embed.ts", "page.css", "embed.css"].map((name) => `pages/${name}`),
  outdir: path.join(out, "ui"),
  format: "esm",
});
for (const page of ["index.html", "embed.html"]) {
  await writeFile(path.join(out, page), await readFile(path.join(here, "pages", page)));
}
for (const [name, drawing] of await drawings()) {
  await writeFile(path.join(out, "ui/lucide", `${name}.svg`), drawing);
}
// The icons' shapes are read by us, not bundled.
const taken = [main, parts].flatMap(({ metafile }) => Object.keys(metafile.inputs));
await writeFile(path.join(out, "ui/licences.txt"), await licences(here, [...taken, "node_modules/lucide-static/icons/"]));

/** Gzip bytes of what is compressed, each with a compressed copy beside it. */
const sizes = {};
const packed = ["chatkit.js", ...(await readdir(path.join(out, "ui"))).map((name) => `ui/${name}`)];
for (const name of packed.filter((name) => /\.(js|css)$/.test(name))) {
  const bytes = gzipSync(await readFile(path.join(out, name)), { level: 9 });
  await writeFile(path.join(out, `${name}.gz`), bytes);
  sizes[name] = bytes.length;
}

/** Gzip bytes at load, and with every lazy part but math. */
const BUDGET = { eager: 100 * 1024, all: 150 * 1024 };
/** What this process ends with where all is built and too large. */
const TOO_LARGE = 3;
const small = lazy.map((name) => `ui/${name.replace(/\.tsx?$/, ".js")}`).filter((name) => name !== "ui/math.js");
const eager = sizes["chatkit.js"];
const all = small.reduce((sum, name) => sum + sizes[name], eager);
const inKilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
if (process.argv.includes("--sizes")) {
  for (const [name, bytes] of Object.entries(sizes)) console.log(`${inKilobytes(bytes).padStart(10)}  ${name}`);
  console.log(`${inKilobytes(all).padStart(10)}  with every part but math`);
}
if (eager > BUDGET.eager || all > BUDGET.all) {
  const is = `chatkit.js has ${inKilobytes(eager)}, with every part but math ${inKilobytes(all)}`;
  console.error(`over the budget of ${inKilobytes(BUDGET.eager)} and ${inKilobytes(BUDGET.all)}, compressed: ${is}`);
  process.exitCode = TOO_LARGE;
}
