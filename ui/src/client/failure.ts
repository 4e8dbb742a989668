/** Why the server didn't do what it was asked for. */

import type { Words } from "../locale/en";

export class ServerError extends Error {
  override readonly name = "ServerError";

  constructor(
    /** The HTTP status; 0 where there was no answer at all. */
    readonly status: number,
    /** `conflict`, `not_found`, `unreachable` and so on. */
    readonly code: string,
    message: string,
    /** After how many milliseconds another try is welcome, where the server said so. */
    readonly wait: number | null = null,
  ) {
    super(message);
  }

  /** Whether the very same request may well succeed a little later. */
  get isAway(): boolean {
    return [0, 502, 503, 504].includes(this.status);
  }
}

/** What an answer tells of its refusal. Only what is meant for people is taken: no pages, no traces. */
export async function refusal(response: Response): Promise<ServerError> {
  const { status } = response;
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const wait = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
  const { code, message } = told(await body(response));
  return new ServerError(status, code ?? `http_${status}`, message ?? `the server answered ${status}`, wait);
}

/** Nobody waits any longer: what became of the request isn't known. */
export function unanswered(): ServerError {
  return new ServerError(0, "unanswered", "the server didn't answer");
}

export function unreachable(cause: unknown): ServerError {
  const error = new ServerError(0, "unreachable", "the server can't be reached");
  error.cause = cause;
  return error;
}

/** Whatever was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Whether it is only that the user has stopped it. */
export function isStop(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && cause.name === "AbortError";
}

/** The failure in words for the user. */
export function troubleOf(error: unknown, words: Words): string {
  if (!(error instanceof ServerError)) return words.failed;
  const { status, message, code } = error;
  if (code === "unanswered") return words.unanswered;
  if (error.isAway) return status === 0 ? words.unreachable : words.unavailable;
  if (status === 401) return words.signInNeeded;
  if (status === 403) return words.notAllowed;
  if (status === 404) return words.threadGone;
  if (status === 429) return words.tooMuch;
  // What else a request is refused for, the server knows best; its own faults it doesn't explain.
  return status < 500 && !code.startsWith("http_") ? sentence(message) : words.failed;
}

async function body(response: Response): Promise<unknown> {
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) {
    void response.body?.cancel().catch(() => {});
    return null;
  }
  return response.json().catch(() => null);
}

/** Longest message that is shown. */
const MOST = 500;

/** `{error: {code, message}}`, or `{detail}` as many Python servers write it. */
function told(value: unknown): { code?: string; message?: string } {
  if (!isRecord(value)) return {};
  const error = isRecord(value["error"]) ? value["error"] : { message: value["detail"], code: "refused" };
  const { code, message } = error;
  if (typeof message !== "string" || message === "") return {};
  return { code: typeof code === "string" ? code : "refused", message: message.slice(0, MOST) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Messages of servers begin small and have no full stop. */
function sentence(message: string): string {
  const capital = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…。]$/.test(capital) ? capital : `${capital}.`;
}
