/** Where the chat of our own pages is, and who asks. */

/** In development anybody on the machine may say who they are: `?user=ann`. */
const user = new URLSearchParams(location.search).get("user");

/** The name that was asked for. */
export const who: string | null = user;

/** The chat's server, relative to the page. */
export function api(): string {
  const address = new URL("chatkit", document.baseURI);
  if (user) address.searchParams.set("user", user);
  return address.href;
}

/** The thread that the page's address names. */
export function named(): string | null {
  return location.hash.slice(1) || null;
}

/** Lets the page's address name the thread, so that a reload opens it again. */
export function name(thread: string | null): void {
  const address = new URL(location.href);
  address.hash = thread ?? "";
  history.replaceState(null, "", address);
}
