/** A word of the field that stands for a thing: it lies over the text and can be clicked and looked into. */

import { useRef } from "preact/hooks";

import { useDesk } from "../../desk";
import { entityOf } from "../message/entity";
import { usePreview } from "../message/preview";
import type { Tag } from "./marked-text";

export function FieldTag({ tag }: { tag: Tag }) {
  const { composer, settings } = useDesk();
  const { click, preview } = settings.value.entities;
  const entity = entityOf(tag);
  const word = useRef<HTMLSpanElement>(null);
  const { triggers, bubble } = usePreview(entity, word);
  // A button can't go on in the next line, as the text of the field does.
  if (!tag.interactive || !(click || preview)) return <span class="composer-tag" aria-hidden="true">{tag.text}</span>;
  const open = () => composer.clickTag(entity);
  return (
    <>
      <span
        ref={word}
        class="composer-tag is-button"
        role="button"
        tabIndex={0}
        onMouseDown={(event) => event.preventDefault()}
        onClick={open}
        {...triggers}
        onKeyDown={(event) => {
          triggers.onKeyDown(event);
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          open();
        }}
      >
        {tag.text}
      </span>
      {bubble}
    </>
  );
}
