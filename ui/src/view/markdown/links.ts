/** Where a text may lead, and where its pictures may come from. A model wrote both: what isn't allowed is forbidden. */

export type Destination =
  | { kind: "page" | "direct"; href: string }
  /** The application's own. */
  | { kind: "application"; name: string; data: Record<string, string> };

/** Where a link leads; `null` where it may not lead. */
export function destination(href: string, page: string): Destination | null {
  const url = parsed(href, page);
  switch (url?.protocol) {
    case "http:":
    case "https:":
      return { kind: "page", href: url.href };
    case "mailto:":
    case "tel:":
      return { kind: "direct", href: url.href };
    case "chatkit-link:":
      return {
        kind: "application",
        name: decoded(`${url.host}${url.pathname}`.replace(/^\/+|\/+$/g, "")),
        data: Object.fromEntries(url.searchParams),
      };
    default:
      return null;
  }
}

/** Where pictures may come from. */
export interface Gallery {
  /** Origins of the page and of the chat's server. */
  origins: readonly string[];
  /** Hosts that the thread allows; `*.example.com` stands for those below it. */
  hosts: readonly string[];
}

/** The address of a picture that may be loaded; `null` where it may not. */
export function picture(src: string, page: string, { origins, hosts }: Gallery): string | null {
  const url = parsed(src, page);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return null;
  const isAllowed = origins.includes(url.origin) || hosts.some((host) => covers(host.toLowerCase(), url));
  return isAllowed && !url.username && !url.password ? url.href : null;
}

function covers(host: string, { hostname, host: withPort }: URL): boolean {
  if (host.startsWith("*.")) return hostname.endsWith(host.slice(1));
  return host === hostname || host === withPort;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parsed(href: string, page: string): URL | null {
  try {
    return new URL(href.trim(), page);
  } catch {
    return null;
  }
}
