/** The button that sends, and while an answer runs stops it. */

import { useComputed } from "@preact/signals";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";

export function SendButton() {
  const { chat, composer, words } = useDesk();
  const isStoppable = useComputed(() => chat.transcript.value.isStoppable);
  const phase = chat.phase.value;
  const isRunning = phase === "answering" || phase === "stopping" || phase === "reconnecting";
  const isStop = isRunning && isStoppable.value;
  const label = isStop ? words.value.stop : words.value.send;
  const isIdle = isStop ? phase === "stopping" : !composer.canSend.value;
  return (
    <button
      type="button"
      class="composer-send"
      part={isStop ? "stop" : "send"}
      aria-label={label}
      title={label}
      // A button that can't be used keeps the focus, so that it isn't lost when an answer begins or ends.
      aria-disabled={isIdle}
      onClick={(event) => {
        if (isStop) {
          // The second click of a double one was meant for what was here before.
          if (!isIdle && event.detail < 2) void chat.stop();
        } else if (phase === "ready") {
          void composer.submit();
          // On a phone the keyboard would cover the answer.
          if (matchMedia("(pointer: fine)").matches) composer.focus();
        }
      }}
    >
      <Icon name={isStop ? "stop" : "arrow-up"} />
    </button>
  );
}
