/** What the items of a thread need to know of it. They don't read the transcript: it changes with every word. */

import { createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";

import type { Thread } from "../../protocol/thread";

export interface ThreadTraits {
  /** Hosts that pictures may come from. */
  readonly hosts: readonly string[];
  /** Whether it can be written to. */
  readonly isActive: boolean;
}

/** Outside of a thread no host is allowed. */
export const ThreadContext = createContext<ThreadTraits>({ hosts: [], isActive: true });

export function useThread(): ThreadTraits {
  return useContext(ThreadContext);
}

/** The very same as before where nothing of it has changed. */
export function useTraits(thread: Thread | null): ThreadTraits {
  const hosts = thread?.allowed_image_domains?.join(" ") ?? "";
  const isActive = (thread?.status?.type ?? "active") === "active";
  return useMemo(() => ({ hosts: hosts.split(" ").filter(Boolean), isActive }), [hosts, isActive]);
}
