/** What the state needs of a browser: frames, pauses, a little memory, and to know of other tabs. */

export interface World {
  /** Runs it with the next frame; at once where nobody looks. */
  frame(run: () => void): void;
  /** Settles after that time, or as soon as the network or the user comes back. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Between 0 and 1. */
  chance(): number;
  uuid(): string;
  now(): number;
  /** What this tab remembers when it is loaded anew. */
  recall(key: string): string | null;
  remember(key: string, value: string): void;
  /** Runs it, unless another tab does; then it waits for that one, and the answer is null. */
  alone<T>(name: string, run: () => Promise<T>): Promise<T | null>;
}

/** Without a frame for so long, the page is somewhere nobody sees it. Milliseconds. */
const NO_FRAME = 250;

export const browser: World = {
  frame(run) {
    if (document.hidden) return run();
    let isDone = false;
    const once = () => {
      if (isDone) return;
      isDone = true;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      run();
    };
    const frame = requestAnimationFrame(once);
    const timer = setTimeout(once, NO_FRAME);
  },

  pause(milliseconds, signal) {
    return new Promise((resolve) => {
      const over = new AbortController();
      const done = () => {
        over.abort();
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      const listening = { signal: over.signal };
      signal.addEventListener("abort", done, listening);
      window.addEventListener("online", done, listening);
      document.addEventListener("visibilitychange", () => document.hidden || done(), listening);
      if (signal.aborted) done();
    });
  },

  chance: () => Math.random(),
  // `crypto.randomUUID` isn't there on pages without encryption.
  uuid: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
  now: () => Date.now(),

  recall(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null;
    }
  },

  remember(key, value) {
    try {
      sessionStorage.setItem(key, value);
    } catch {
      // A page that may not store anything does without.
    }
  },

  async alone(name, run) {
    // Neither pages without encryption nor sandboxed frames have any.
    if (!("locks" in navigator) || origin === "null") return aloneHere(name, run);
    const { locks } = navigator;
    const taken = Symbol();
    const result = await locks.request(name, { ifAvailable: true }, (lock) => (lock ? run() : taken));
    if (result !== taken) return result as Awaited<ReturnType<typeof run>>;
    await locks.request(name, () => {});
    return null;
  },
};

/** What this page runs alone. */
const running = new Map<string, Promise<unknown>>();

/** As with locks, as far as this page goes. */
async function aloneHere<T>(name: string, run: () => Promise<T>): Promise<T | null> {
  const other = running.get(name);
  if (other) return other.then(() => null, () => null);
  const own = run().finally(() => running.delete(name));
  running.set(name, own);
  return own;
}
