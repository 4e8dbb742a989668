/** Where suggestions come from: the application's things and commands, and what the field itself can do. */

import type { Command, Entity } from "@openai/chatkit";

import { errorOf } from "../../client/failure";
import type { Desk } from "../../desk";
import type { Asked, Sign } from "./asking";
import type { Tag } from "./marked-text";
import { matching, type Suggestion } from "./suggestions";

/** What the suggestions do to the field. */
export interface Hand {
  /** Writes it in place of what was asked. */
  replace(asked: Asked, text: string): void;
  putTag(asked: Asked, tag: Tag): void;
  pickFiles(): void;
}

export function signsOf({ settings }: Desk): Sign[] {
  const { entities, commands } = settings.value;
  return [...(entities.search ? ["@" as const] : []), ...(commands ? ["/" as const] : [])];
}

export async function find(desk: Desk, hand: Hand, { sign, query }: Asked): Promise<readonly Suggestion[]> {
  const { entities, commands } = desk.settings.value;
  if (sign === "@") return ((await entities.search?.(query.trim())) ?? []).map((entity) => ofEntity(hand, entity));
  const ours = matching(own(desk, hand), query);
  try {
    const theirs = (await commands?.search?.(query.trim())) ?? [];
    return [...theirs.map((command) => ofCommand(desk, hand, command)), ...ours];
  } catch (cause) {
    if (ours.length === 0) throw cause;
    desk.tell("chatkit.error", { error: errorOf(cause) });
    return ours;
  }
}

function ofEntity(hand: Hand, entity: Entity): Suggestion {
  const { id, title: label, group, icon } = entity;
  return {
    key: `${group ?? ""}/${id}`,
    label,
    ...(group && { group }),
    ...(icon && { icon }),
    choose: (asked) => hand.putTag(asked, tagOf(entity)),
  };
}

function tagOf({ id, title, group, data, interactive }: Entity): Tag {
  return {
    type: "input_tag",
    id,
    text: title.replace(/\s+/g, " ").trim() || id,
    ...(group !== undefined && { group }),
    ...(data && { data }),
    ...(interactive !== undefined && { interactive }),
  };
}

function ofCommand(desk: Desk, hand: Hand, command: Command): Suggestion {
  const { id, label, description, icon, group } = command;
  return {
    key: `${group ?? ""}/${id}`,
    label,
    ...(description && { description }),
    ...(icon && { icon }),
    ...(group && { group }),
    async choose(asked) {
      hand.replace(asked, "");
      const selection = await desk.settings.value.commands?.select?.(command);
      if (selection?.type === "menu") return selection.commands.map((next) => ofCommand(desk, hand, next));
      if (selection?.type === "entity") hand.putTag({ ...asked, end: asked.start }, tagOf(selection.entity));
      return undefined;
    },
  };
}

/** What can be done with the buttons, too. */
function own({ composer, settings, words }: Desk, hand: Hand): Suggestion[] {
  const { attachments, tools } = settings.value.composer;
  const group = words.value.commands;
  const action = (key: string, label: string, icon: string, run: () => void): Suggestion => ({
    key: `own/${key}`,
    label,
    icon,
    group,
    choose: (asked) => {
      hand.replace(asked, "");
      run();
    },
  });
  return [
    ...(attachments ? [action("attach", words.value.attach, "paperclip", hand.pickFiles)] : []),
    ...tools.map(({ id, label, icon }) => action(`tool-${id}`, label, icon, () => composer.pickTool(id))),
    ...(composer.dictation.isPossible.value
      ? [action("dictate", words.value.dictate, "mic", () => void composer.dictation.start())]
      : []),
  ];
}
