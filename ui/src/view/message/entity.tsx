/** A thing of the application's in a text: a chip that can be clicked and looked into. */

import type { Entity } from "@openai/chatkit";
import { useRef } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { EntitySource, UserContent } from "../../protocol/items";
import { usePreview } from "./preview";

type Tag = UserContent & { type: "input_tag" };

interface Props {
  entity: Entity;
  label: string;
}

export function EntityChip({ entity, label }: Props) {
  const { composer, settings } = useDesk();
  const { click, preview } = settings.value.entities;
  const chip = useRef<HTMLButtonElement>(null);
  const { triggers, bubble } = usePreview(entity, chip);
  const inner = (
    <>
      {entity.icon && <Icon name={entity.icon} size={14} />}
      <bdi>{label}</bdi>
    </>
  );
  if (!entity.interactive || !(click || preview)) return <span class="chip">{inner}</span>;
  return (
    <>
      <button ref={chip} type="button" class="chip is-button" onClick={() => composer.clickTag(entity)} {...triggers}>
        {inner}
      </button>
      {bubble}
    </>
  );
}

export function entityOf(source: EntitySource | Tag): Entity {
  return {
    id: source.id,
    title: source.type === "input_tag" ? source.text : source.title,
    ...("icon" in source && source.icon && { icon: source.icon as NonNullable<Entity["icon"]> }),
    ...(source.group && { group: source.group }),
    ...(source.interactive !== undefined && { interactive: source.interactive }),
    // The application's own, whatever it is.
    ...(source.data && { data: source.data as NonNullable<Entity["data"]> }),
  };
}
