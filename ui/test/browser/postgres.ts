/** A PostgreSQL of the tests' own, on a socket alone; it ends with them, however they end. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { eventually, program } from "./browser";

/** Where packages put it that keep it off the search path, by version. */
const VERSIONS = "/usr/lib/postgresql";
/** The users that it runs as where we are root, which it refuses. */
const OWNERS = ["postgres", "nobody"];
/** Its administrator. */
const USER = "frontdesk";
/** Ends the server when standard input ends. */
const WATCH = '"$@" >&2 & server=$!; read -r _; kill -s QUIT "$server"; wait "$server"';

/** The folder of its programs; none where it isn't installed. */
export const POSTGRES = process.env["FRONTDESK_TEST_POSTGRES"] ?? onPath() ?? installed();

interface Owner {
  uid: number;
  gid: number;
}

export class Postgres {
  private constructor(
    readonly folder: string,
    private readonly watcher: ChildProcess,
  ) {}

  static async start(programs: string): Promise<Postgres> {
    const folder = mkdtempSync(path.join(tmpdir(), "frontdesk-pg-"));
    const owner = process.getuid?.() === 0 ? someone() : undefined;
    chmodSync(folder, 0o700);
    if (owner) chownSync(folder, owner.uid, owner.gid);
    const data = path.join(folder, "data");
    const how = { cwd: folder, env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" }, ...owner };
    const words = ["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust", "-U", USER, "-D", data];
    execFileSync(path.join(programs, "initdb"), words, { ...how, stdio: ["ignore", "ignore", "inherit"] });
    const server = [path.join(programs, "postgres"), "-D", data, "-h", "", "-k", folder, "-c", "fsync=off"];
    const watcher = spawn("sh", ["-c", WATCH, "postgres-watch", ...server], { ...how, stdio: ["pipe", "ignore", "ignore"] });
    const postgres = new Postgres(folder, watcher);
    await eventually(() => {
      const state = readFileSync(path.join(data, "postmaster.pid"), "utf8");
      if (state.trimEnd().split("\n").at(-1)?.trim() !== "ready") throw new Error("PostgreSQL isn't ready");
    });
    return postgres;
  }

  get url(): string {
    return `postgres:///postgres?host=${encodeURIComponent(this.folder)}&user=${USER}`;
  }

  async end(): Promise<void> {
    const gone = this.watcher.exitCode === null && new Promise((resolve) => this.watcher.once("exit", resolve));
    this.watcher.stdin?.end();
    await gone;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function onPath(): string | undefined {
  const found = program(["initdb"]);
  return found && path.dirname(found);
}

function installed(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const folders = versions.sort((one, other) => Number(other) - Number(one)).map((version) => path.join(VERSIONS, version, "bin"));
  return folders.find((folder) => existsSync(path.join(folder, "initdb")));
}

function someone(): Owner {
  const id = (word: string, name: string) => Number(execFileSync("id", [word, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  for (const name of OWNERS) {
    try {
      return { uid: id("-u", name), gid: id("-g", name) };
    } catch {
      // Not everywhere are both.
    }
  }
  throw new Error("PostgreSQL refuses root, and there is no user postgres or nobody");
}
