/** Files that are dropped or pasted anywhere in the chat. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";

/** `part` is any part of the chat. */
export function DropZone({ part }: { part: RefObject<HTMLElement | null> }) {
  const { composer, words } = useDesk();
  const [isOver, setOver] = useState(false);
  useLayoutEffect(() => {
    const app = part.current?.closest<HTMLElement>(".app");
    if (!app) return;
    const enter = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const paste = (event: ClipboardEvent) => {
      const { clipboardData: data, target } = event;
      // Tables and texts of office programs come with a picture of themselves.
      if (!data || data.files.length === 0 || data.getData("text/plain").trim()) return;
      const isElsewhere = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
      if (isElsewhere && !part.current?.contains(target)) return;
      event.preventDefault();
      composer.attach([...data.files]);
      composer.focus();
    };
    app.addEventListener("dragenter", enter);
    app.addEventListener("paste", paste);
    return () => {
      app.removeEventListener("dragenter", enter);
      app.removeEventListener("paste", paste);
    };
  }, []);
  if (!isOver) return null;
  return (
    <div
      class="drop-zone"
      onDragOver={(event) => event.preventDefault()}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        composer.attach([...(event.dataTransfer?.files ?? [])]);
        composer.focus();
      }}
    >
      <div class="drop-zone-text">
        <Icon name="paperclip" size={28} />
        <span>{words.value.dropFiles}</span>
      </div>
    </div>
  );
}
