/** The chat of our own pages. */

import type { ChatKitOptions, OpenAIChatKit } from "@openai/chatkit";

import type { Theme } from "../src/settings";
import { api, name, named } from "./address";

/** A page's own options on top of what all of them have. */
export type Options = Omit<Partial<ChatKitOptions>, "theme"> & { theme?: Theme };

/** What the server lets users do, as it has written it into the page. */
interface Abilities {
  attachments?: boolean;
}

const abilities = JSON.parse(document.documentElement.dataset["abilities"] ?? "{}") as Abilities;

/** Fills the page's element, now and whenever the returned function is called with other options. */
export function mount(first: Options): (options: Options) => void {
  const chat = document.querySelector<OpenAIChatKit>("#chat");
  if (!chat) throw new Error("the page has no chat");
  const apply = (options: Options): void => {
    const attachments = abilities.attachments ? { enabled: true } : undefined;
    const whole = {
      api: { url: api(), domainKey: "local", uploadStrategy: { type: "two_phase" } },
      initialThread: named(),
      theme: { colorScheme: "system" },
      threadItemActions: { feedback: true, retry: true },
      thread: { autoScroll: true },
      composer: { ...(attachments && { attachments }) },
      ...options,
    };
    // ChatKit's types don't know the scheme `system`.
    chat.setOptions(whole as ChatKitOptions);
  };
  let shown = named();
  chat.addEventListener("chatkit.thread.change", ({ detail }) => name((shown = detail.threadId)));
  // The script may come later than this module.
  void customElements.whenDefined("openai-chatkit").then(() => {
    apply(first);
    addEventListener("hashchange", () => {
      // While an answer runs the chat stays where it is, and the address says so again.
      chat.setThreadId(named()).catch(() => name(shown));
    });
  });
  return (options) => void customElements.whenDefined("openai-chatkit").then(() => apply(options));
}
