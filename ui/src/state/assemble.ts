/** The parts of one chat, put together. */

import type { Signal } from "@preact/signals";

import { Server } from "../client/server";
import type { Desk, Tell } from "../desk";
import type { Words } from "../locale/en";
import type { Settings } from "../settings";
import { createAnnouncer } from "./announcer";
import { OpenChat } from "./chat";
import { createComposer } from "./composer";
import { createPast } from "./past";
import { browser } from "./world";

export interface LiveDesk extends Desk {
  readonly settings: Signal<Settings>;
  readonly words: Signal<Words>;
  readonly chat: OpenChat;
}

export function createDesk(settings: Signal<Settings>, words: Signal<Words>, tell: Tell): LiveDesk {
  const server = new Server(settings, () => ({
    base: document.baseURI,
    origin: location.origin,
    language: navigator.language,
  }));
  const announcer = createAnnouncer(words);
  const chat = new OpenChat({ server, settings, words, tell, voice: announcer, world: browser });
  const past = createPast({ server, settings, words, tell, chat });
  const composer = createComposer({ settings, words, chat, server, tell });
  return { settings, words, chat, past, composer, announcer, tell };
}
