/** The message field, and everything that goes with a message. */

import { useComputed } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { useDesk } from "../../desk";
import { dialogFilter } from "../../state/accepting";
import { Markdown } from "../markdown/markdown";
import { Bars } from "./bars";
import { DropZone } from "./drop";
import { Field, type FieldHand } from "./field";
import { Files } from "./files";
import { QuoteButton } from "./quoting";
import { Recorder } from "./recorder";
import { SendButton } from "./send";
import { IconButton, ModelMenu, Tools } from "./tools";

export function ComposerView() {
  const { chat, settings } = useDesk();
  const status = useComputed(() => chat.transcript.value.thread?.status);
  const whole = useRef<HTMLDivElement>(null);
  const isActive = (status.value?.type ?? "active") === "active";
  return (
    <div ref={whole} class="composer" part="composer">
      {isActive && settings.value.composer.attachments && <DropZone part={whole} />}
      {/* Before the field, which would take the selection away with the focus. */}
      {isActive && <QuoteButton part={whole} />}
      {status.value?.type !== "closed" && (
        <Card barred={status.value?.type === "locked" ? (status.value.reason ?? "") : null} />
      )}
      <Disclaimer />
    </div>
  );
}

/** `barred` says why nothing can be written, where that is so. */
function Card({ barred }: { barred: string | null }) {
  const { composer, settings, words } = useDesk();
  const { attachments, models, placeholder, tools } = settings.value.composer;
  const { dictation } = composer;
  const hand = useRef<FieldHand | null>(null);
  const dialog = useRef<HTMLInputElement>(null);
  const complaint = useId();
  const tool = composer.tool.value;
  const isSpeaking = dictation.state.value !== "off";
  const isWide = tool !== null || models.length > 1 || tools.some(({ pinned }) => pinned);
  const hint = tool?.placeholderOverride ?? placeholder ?? words.value.placeholder;
  const pickFiles = () => dialog.current?.click();

  useLayoutEffect(() => {
    composer.onFocus(() => hand.current?.focus());
    return () => composer.onFocus(() => {});
  }, [composer]);
  const hasSpoken = useRef(false);
  useLayoutEffect(() => {
    if (hasSpoken.current && !isSpeaking) composer.focus();
    hasSpoken.current = isSpeaking;
  }, [isSpeaking]);

  return (
    <>
      <div class={`composer-card${isWide ? " is-wide" : ""}${barred === null ? "" : " is-barred"}`}>
        <Bars />
        <Files />
        {isSpeaking && <Recorder />}
        <div
          class="composer-row"
          hidden={isSpeaking}
          // Between the buttons it is still the field that is meant.
          onClick={(event) => event.target === event.currentTarget && composer.focus()}
        >
          <Field
            placeholder={barred === null ? hint : barred || words.value.threadLocked}
            isBarred={barred !== null}
            describedBy={composer.complaint.value ? complaint : undefined}
            onReady={(ready) => (hand.current = ready)}
            pickFiles={pickFiles}
          />
          {barred === null && (
            <>
              <Tools pickFiles={pickFiles} mention={() => hand.current?.mention()} />
              <div class="composer-end">
                <ModelMenu />
                {dictation.isPossible.value && (
                  <IconButton label={words.value.dictate} icon="mic" onClick={() => void dictation.start()} />
                )}
                <SendButton />
              </div>
            </>
          )}
        </div>
        {attachments && (
          <input
            ref={dialog}
            type="file"
            multiple={attachments.maxCount > 1}
            accept={dialogFilter(attachments)}
            hidden
            onChange={(event) => {
              composer.attach([...(event.currentTarget.files ?? [])]);
              // The same file again is a change, too.
              event.currentTarget.value = "";
              composer.focus();
            }}
          />
        )}
      </div>
      <p id={complaint} class="composer-complaint" role="alert">
        {composer.complaint.value}
      </p>
    </>
  );
}

function Disclaimer() {
  const { disclaimer } = useDesk().settings.value;
  if (!disclaimer) return null;
  return (
    <div class={`composer-disclaimer${disclaimer.highContrast ? " is-strong" : ""}`}>
      <Markdown text={disclaimer.text} />
    </div>
  );
}
