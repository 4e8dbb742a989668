/** One thread of the history: opened, renamed in its place, deleted after a question. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDesk, type Found } from "../../desk";
import { fill } from "../../locale/fill";
import { isComposing } from "../composing";
import { MenuButton, type MenuItem } from "../menu/menu";

export interface HistoryRowProps {
  found: Found;
  isCurrent: boolean;
  onOpen(threadId: string): void;
  /** When it is taken out of the list. */
  onRemoved(): void;
}

export function HistoryRow({ found: { thread, excerpt }, isCurrent, onOpen, onRemoved }: HistoryRowProps) {
  const { past, settings, announcer, words: spoken } = useDesk();
  const words = spoken.value;
  const [mode, setMode] = useState<"shown" | "renaming" | "asking">("shown");
  /** The name that was written last; where it was refused, it needn't be written again. */
  const [wanted, setWanted] = useState("");
  const row = useRef<HTMLLIElement>(null);
  /** Whether the row gets the focus when it is shown again. */
  const comesBack = useRef(false);
  const title = thread.title || words.untitled;
  useLayoutEffect(() => {
    if (mode === "shown" && comesBack.current) row.current?.querySelector<HTMLElement>(".history-open")?.focus();
    comesBack.current = false;
  }, [mode]);
  const back = () => {
    comesBack.current = true;
    setMode("shown");
  };
  const { showRename, showDelete } = settings.value.history;
  const items: MenuItem[] = [];
  if (showRename) items.push({ label: words.rename, icon: "pencil", onSelect: () => setMode("renaming") });
  if (showDelete) items.push({ label: words.delete, icon: "trash", isDanger: true, onSelect: () => setMode("asking") });

  const rename = (name: string, how: Ending) => {
    // Whoever has left the field has the focus somewhere else.
    comesBack.current = how === "key";
    setMode("shown");
    if (!name || name === thread.title) return;
    setWanted(name);
    void past.rename(thread.id, name);
  };
  const remove = async () => {
    const removing = past.remove(thread.id);
    requestAnimationFrame(onRemoved);
    await removing;
    if (!past.trouble.peek()) announcer.say(words.deleteDone);
  };
  return (
    <li ref={row} class={isCurrent ? "history-row is-current" : "history-row"}>
      {mode === "renaming" && <Rename title={(past.trouble.value && wanted) || (thread.title ?? "")} onDone={rename} />}
      {mode === "asking" && <Ask onYes={remove} onNo={back} />}
      {mode === "shown" && (
        <button
          type="button"
          class="history-open"
          aria-current={isCurrent ? "true" : undefined}
          onClick={() => onOpen(thread.id)}
        >
          <span class="history-name" dir="auto">
            {title}
          </span>
          {excerpt && (
            <span class="history-excerpt" dir="auto">
              {excerpt}
            </span>
          )}
        </button>
      )}
      {mode === "shown" && items.length > 0 && (
        <MenuButton
          class="icon-button is-small history-actions"
          label={fill(words.chatActions, { title })}
          items={items}
          align="end"
        />
      )}
    </li>
  );
}

/** How the name's field was left. */
type Ending = "key" | "blur";

interface RenameProps {
  title: string;
  /** With no name where it stays as it is. */
  onDone(name: string, how: Ending): void;
}

function Rename({ title, onDone }: RenameProps) {
  const words = useDesk().words.value;
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useLayoutEffect(() => {
    // Not every browser gives the focus to what is selected.
    field.current?.focus();
    field.current?.select();
  }, []);
  const finish = (isSaved: boolean, how: Ending) => {
    // Leaving the field saves too, and the field is left when it goes away.
    if (isOver.current) return;
    isOver.current = true;
    onDone((isSaved && field.current?.value.trim()) || "", how);
  };
  return (
    <input
      ref={field}
      class="history-rename"
      type="text"
      dir="auto"
      aria-label={words.renameField}
      maxLength={200}
      enterkeyhint="done"
      defaultValue={title}
      onBlur={() => finish(true, "blur")}
      onKeyDown={(event) => {
        if (isComposing(event) || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        event.stopPropagation();
        finish(event.key === "Enter", "key");
      }}
    />
  );
}

function Ask({ onYes, onNo }: { onYes(): Promise<void>; onNo(): void }) {
  const words = useDesk().words.value;
  const [isBusy, setBusy] = useState(false);
  const no = useRef<HTMLButtonElement>(null);
  // A second Enter must not delete.
  useLayoutEffect(() => no.current?.focus(), []);
  return (
    <div
      class="history-ask"
      role="group"
      aria-label={words.deleteAsk}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onNo();
      }}
    >
      <span>{words.deleteAsk}</span>
      <button ref={no} type="button" class="button" onClick={onNo}>
        {words.cancel}
      </button>
      <button
        type="button"
        class="button is-danger"
        disabled={isBusy}
        onClick={() => {
          setBusy(true);
          void onYes();
        }}
      >
        {words.delete}
      </button>
    </div>
  );
}
