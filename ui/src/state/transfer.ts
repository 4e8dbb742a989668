/** Brings the bytes of a file to a server, and tells how far they are. */

import { refusal, unreachable } from "../client/failure";

export interface Cargo {
  url: string;
  method: string;
  headers?: Record<string, string>;
  body: Blob | FormData;
  /** An application's own way to its server. It tells nothing of the progress. */
  fetch?: typeof fetch;
  signal: AbortSignal;
  onProgress(share: number): void;
}

/** The server's answer. Rejects with a `ServerError` where it didn't take the bytes. */
export async function transfer(cargo: Cargo): Promise<Response> {
  // Whoever took the file away meanwhile doesn't want it anywhere.
  cargo.signal.throwIfAborted();
  const response = await (cargo.fetch ? byFetch(cargo, cargo.fetch) : byRequest(cargo));
  if (!response.ok) throw await refusal(response);
  return response;
}

async function byFetch({ url, method, headers, body, signal }: Cargo, fetch: Cargo["fetch"] & {}): Promise<Response> {
  try {
    return await fetch(url, { method, headers, body, signal });
  } catch (error) {
    throw signal.aborted ? error : unreachable(error);
  }
}

/** `fetch` can't tell of an upload's progress. */
function byRequest({ url, method, headers = {}, body, signal, onProgress }: Cargo): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => resolve(responseOf(request));
    request.onerror = () => reject(unreachable(new Error("the upload broke off")));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

function responseOf(request: XMLHttpRequest): Response {
  const { status, responseText } = request;
  const headers = { "Content-Type": request.getResponseHeader("Content-Type") ?? "" };
  // These statuses allow no body, not even an empty one.
  return new Response([204, 205, 304].includes(status) ? null : responseText, { status, headers });
}
