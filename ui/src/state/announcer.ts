/** Says what is answered to those who listen instead of look: a sentence at a time, and never hurried. */

import { signal, type ReadonlySignal } from "@preact/signals";

import type { Announcer } from "../desk";
import type { Words } from "../locale/en";
import type { Event } from "../protocol/events";
import type { AssistantMessage } from "../protocol/items";
import { Speech } from "./speech";

export interface Voice extends Announcer {
  /** An answer begins. */
  begin(): void;
  /** What is in it to be said. */
  hear(event: Event): void;
  /** The answer is over. */
  end(): void;
}

/** Milliseconds between two things that are said; what comes meanwhile is said together. */
const GAP = 700;

export function createAnnouncer(words: ReadonlySignal<Words>): Voice {
  const said = signal("");
  const waiting: string[] = [];
  let isQuiet = true;
  let speech = new Speech("");
  /** Messages of which text has streamed in. */
  const heard = new Set<string>();

  const next = () => {
    isQuiet = waiting.length === 0;
    if (isQuiet) return;
    const text = waiting.splice(0).join(" ");
    // The same words again are no change that would be noticed.
    said.value = text === said.value ? `${text}\u00a0` : text;
    setTimeout(next, GAP);
  };
  const say = (text: string) => {
    if (!text) return;
    waiting.push(text);
    if (isQuiet) next();
  };
  const sayAll = (sentences: string[]) => sentences.forEach(say);

  return {
    said,
    say,
    begin() {
      heard.clear();
      speech = new Speech(words.value.codeSkipped);
      say(words.value.answerBegins);
    },
    hear(event) {
      if (event.type === "notice") {
        const notice = new Speech("");
        sayAll([event.title ?? "", ...notice.push(event.message), ...notice.end()]);
      } else if (event.type === "thread.item.updated") {
        const { update } = event;
        if (update.type !== "assistant_message.content_part.text_delta") return;
        heard.add(event.item_id);
        sayAll(speech.push(update.delta));
      } else if (event.type === "thread.item.done" && event.item.type === "assistant_message") {
        // Not every server streams its texts.
        if (!heard.has(event.item.id)) sayAll(speech.push(textOf(event.item)));
        sayAll(speech.end());
      }
    },
    end() {
      sayAll(speech.end());
      say(words.value.answerEnds);
    },
  };
}

function textOf(message: AssistantMessage): string {
  return message.content.map(({ text }) => text).join("\n");
}
