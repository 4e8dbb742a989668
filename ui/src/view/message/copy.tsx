/** A button that copies, and says so. */

import { useEffect, useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";

interface Props {
  label: string;
  text: () => string;
}

/** Milliseconds that the button shows that it has worked. */
const SHOWN = 1800;

export function CopyButton({ label, text }: Props) {
  const { announcer, words } = useDesk();
  const [isCopied, setCopied] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    const hasWorked = await copied(text(), button.current);
    setCopied(hasWorked);
    announcer.say(hasWorked ? words.value.copied : words.value.copyFailed);
  };
  return (
    <button
      ref={button}
      type="button"
      class="icon-button is-small"
      aria-label={label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon name={isCopied ? "check" : "copy"} size={16} />
    </button>
  );
}

/** Pages without TLS have no clipboard of their own; there a selection is copied. */
async function copied(text: string, beside: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (!beside) return false;
  }
  const field = document.createElement("textarea");
  field.className = "unseen";
  field.value = text;
  beside.after(field);
  field.select();
  const hasWorked = document.execCommand("copy");
  field.remove();
  beside.focus();
  return hasWorked;
}
