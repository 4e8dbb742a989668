/** The product as a process with a folder of its own, started for a file of tests. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const root = process.env.UI_ROOT ?? ".";
const BINARY = process.env["FRONTDESK_TEST_BINARY"] ?? path.join(root, "../target/debug/frontdesk");
/** Milliseconds that it may take to be ready, on a machine that is busy with other things. */
const READY = 60_000;
const READY_LINE = /listening on (\S+)/;
/** What a program may have of the environment of the tests. */
const KEPT = ["PATH", "HOME", "TMPDIR", "LANG", "SystemRoot", "LD_LIBRARY_PATH"];

/** A process that says where it listens. */
export class Program {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** With the model of the tests, which is slow enough to be stopped; what is set here counts before that. */
  static async frontdesk(set: Record<string, string> = {}): Promise<Program> {
    const rules = path.join(root, "test/browser/rules.toml");
    return Program.start(BINARY, ["--listen", "127.0.0.1:0"], { FRONTDESK__MODEL__DEFAULT__RULES_FILE: rules, ...set });
  }

  static async start(program: string, words: string[], set: Record<string, string>): Promise<Program> {
    const folder = mkdtempSync(path.join(tmpdir(), "frontdesk-browser-"));
    const kept = Object.fromEntries(KEPT.map((name) => [name, process.env[name]]));
    const child = spawn(program, words, { cwd: folder, env: { ...kept, ...set }, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    const url = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${program} ${why}; it wrote:\n${log}`));
      const timer = setTimeout(() => fail("isn't ready"), READY);
      child.on("error", (error) => fail(error.message));
      child.on("exit", (code) => fail(`ended with ${code}`));
      // Read to the end, so that the program never waits for somebody to read.
      createInterface({ input: child.stderr }).on("line", (line) => {
        if (log.length < 100_000) log += `${line}\n`;
        const found = READY_LINE.exec(line)?.[1];
        if (!found) return;
        clearTimeout(timer);
        resolve(found.replace(/\/$/, ""));
      });
    });
    return new Program(url, child, folder);
  }

  async end(): Promise<void> {
    const gone = this.child.exitCode === null && new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await gone;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
