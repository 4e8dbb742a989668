/** What is there instead of the field while the user speaks. */

import { useLayoutEffect, useRef } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { IconButton } from "./tools";

const BARS = [0.5, 0.8, 1, 0.8, 0.5];

export function Recorder() {
  const { composer, words } = useDesk();
  const { state, seconds, level, cancel, finish } = composer.dictation;
  const bar = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    bar.current?.focus();
    // Whatever takes its place, nobody sees that the microphone is on.
    return cancel;
  }, []);
  const isWriting = state.value === "transcribing";
  return (
    <div
      ref={bar}
      class="composer-recorder"
      role="group"
      aria-label={words.value.dictating}
      tabIndex={-1}
      onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), cancel())}
    >
      <IconButton label={words.value.dictationCancel} icon="close" onClick={cancel} />
      <span class="composer-level" aria-hidden="true">
        {BARS.map((share, place) => (
          <i key={place} style={{ scale: `1 ${Math.max(0.15, level.value * share)}` }} />
        ))}
      </span>
      <span class="composer-recorder-text" role="status">
        {isWriting ? words.value.transcribing : words.value.dictating}
      </span>
      {!isWriting && <time>{clock(seconds.value)}</time>}
      <button
        type="button"
        class="composer-send"
        aria-label={words.value.dictationDone}
        title={words.value.dictationDone}
        disabled={state.value !== "recording"}
        onClick={finish}
      >
        <Icon name={isWriting ? "loader-circle" : "check"} class={isWriting ? "spinner" : ""} />
      </button>
    </div>
  );
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
