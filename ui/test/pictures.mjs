// Makes the pictures of the README anew: `FRONTDESK_TEST_BINARY=… node test/pictures.mjs [folder]`. Look at them.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium, devices } from "playwright-core";
import { CHROMIUM } from "./chromium.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const out = path.resolve(process.argv[2] ?? path.join(root, "docs/pictures"));
const MOST_BYTES = 150 * 1024;
const TALK = ["Add a task: prune the roses", "Add a task: order seeds, due 2027-03-01", "Start order seeds", "What are my tasks?"];

const folder = await mkdtemp(path.join(tmpdir(), "frontdesk-pictures-"));
const binary = process.env.FRONTDESK_TEST_BINARY ?? path.join(root, "target/debug/frontdesk");
const server = spawn(binary, ["--listen", "127.0.0.1:0"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-quic", "--disable-dev-shm-usage"],
});
try {
  const url = await new Promise((resolve, reject) => {
    server.on("exit", () => reject(new Error(`${binary} has ended`)));
    createInterface({ input: server.stderr }).on("line", (line) => {
      const found = /listening on (\S+)/.exec(line);
      if (found) resolve(found[1].replace(/\/$/, ""));
    });
  });
  await mkdir(out, { recursive: true });
  const desktop = { viewport: { width: 1280, height: 760 } };
  await picture(`${url}/`, "chat-light.png", { ...desktop, colorScheme: "light" }, TALK);
  await picture(`${url}/?user=bob`, "chat-dark.png", { viewport: { width: 1440, height: 800 }, colorScheme: "dark" }, TALK, openHistory);
  const approval = ["Add a task: prune the roses", "Delete prune the roses"];
  await picture(`${url}/embed?user=cleo`, "approval.png", { viewport: { width: 760, height: 640 } }, approval);
  const { defaultBrowserType: _, ...phone } = devices["Pixel 7"];
  await picture(`${url}/embed?user=dan`, "phone.png", { ...phone, deviceScaleFactor: 2 }, TALK);
} finally {
  await browser.close();
  server.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
}

async function picture(url, name, options, messages, finish = async () => {}) {
  const context = await browser.newContext({ locale: "en-US", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.goto(url);
  const chat = page.locator("#chat");
  const field = chat.getByRole("textbox", { name: "Message" });
  for (const message of messages) {
    await field.fill(message);
    await chat.getByRole("button", { name: "Send", exact: true }).click();
    await chat.getByRole("button", { name: "Stop the answer" }).waitFor();
    await chat.getByRole("button", { name: "Send", exact: true }).waitFor();
  }
  // As it is found by who comes back: scrolled to its end.
  await page.reload();
  await chat.getByRole("log").waitFor();
  await finish(chat);
  await chat.evaluate((element) => element.shadowRoot.activeElement?.blur());
  await page.mouse.move(0, 0);
  // The address that the README names, not the one that was free.
  await page.evaluate((here) => {
    const lines = document.querySelector("#lines");
    if (lines) lines.textContent = lines.textContent.replaceAll(here, "http://127.0.0.1:8000");
  }, new URL(url).origin);
  await page.waitForTimeout(500);
  const file = path.join(out, name);
  await page.screenshot({ path: file });
  const { size } = await stat(file);
  console.log(`${(size / 1024).toFixed(0).padStart(4)} KB  ${file}`);
  if (size > MOST_BYTES) process.exitCode = 1;
  await context.close();
}

async function openHistory(chat) {
  await chat.getByRole("button", { name: "Show chats" }).click();
  await chat.getByRole("listitem").first().waitFor();
}
