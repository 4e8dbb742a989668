// Runs the tests: every `src/**/*.test.ts(x)` and `test/**/*.test.ts(x)` is bundled, then `node --test` runs them.
// Those in `test/browser` drive a real browser, and are a run of their own.
//
//     node test/run.mjs [--browser] [part of a file's path …] [-- flags for node]
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { icons } from "../icons.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const given = process.argv.slice(2);
const cut = given.indexOf("--");
const words = cut < 0 ? given : given.slice(0, cut);
const flags = cut < 0 ? [] : given.slice(cut + 1);
const inBrowser = words.includes("--browser");
const wanted = words.filter((word) => word !== "--browser");

const found = [];
const browserTests = path.join("test", "browser");
for (const folder of inBrowser ? [browserTests] : ["src", "test"]) {
  for (const name of await readdir(path.join(root, folder), { recursive: true })) {
    const file = path.join(folder, name);
    if (/\.test\.tsx?$/.test(name) && file.startsWith(browserTests) === inBrowser) found.push(file);
  }
}
const files = found.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part))).sort();
if (files.length === 0) {
  console.error("no tests found");
  process.exit(1);
}

/** Style sheets are text, as in the build. */
const styles = {
  name: "styles",
  setup(bundle) {
    bundle.onLoad({ filter: /\.css$/ }, async ({ path: file }) => ({
      contents: await readFile(file, "utf8"),
      loader: "text",
    }));
  },
};

// Beside the packages, so that those are found that aren't bundled.
const cache = path.join(root, "node_modules", ".cache");
await mkdir(cache, { recursive: true });
const out = await mkdtemp(path.join(cache, "tests-"));
// Each file has a server and a browser of its own.
const howToRun = inBrowser ? ["--test-concurrency=2", "--test-timeout=600000"] : [];
try {
  // One bundle for each test, so that one that can't be built fails alone.
  const built = await Promise.allSettled(
    files.map((file) =>
      build({
        absWorkingDir: root,
        entryPoints: [file],
        outfile: path.join(out, file.replace(/\.tsx?$/, ".mjs")),
        bundle: true,
        platform: "node",
        target: "node20",
        format: "esm",
        jsx: "automatic",
        jsxImportSource: "preact",
        sourcemap: "inline",
        plugins: [styles, icons],
        external: inBrowser ? ["playwright-core", "axe-core", "esbuild"] : [],
        logLevel: "warning",
        // Files beside a test are found from where it stands in the source tree.
        define: { "process.env.UI_ROOT": JSON.stringify(root) },
        // Bundled modules of Node's older kind call `require`.
        banner: { js: 'import { createRequire as __require } from "node:module"; const require = __require(import.meta.url);' },
      }),
    ),
  );
  const ready = files.filter((_, place) => built[place]?.status === "fulfilled");
  const paths = ready.map((file) => path.join(out, file.replace(/\.tsx?$/, ".mjs")));
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...howToRun, ...flags, ...paths], {
    cwd: root,
    stdio: "inherit",
  });
  process.exitCode = ready.length < files.length ? 1 : (status ?? 1);
} finally {
  await rm(out, { recursive: true, force: true });
}
