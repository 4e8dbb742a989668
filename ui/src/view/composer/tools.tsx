/** What can be put to use for the message: tools, files, mentions and the model. */

import type { ToolOption } from "@openai/chatkit";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { fill } from "../../locale/fill";
import { MenuButton } from "../menu/menu";

interface Props {
  pickFiles(): void;
  mention(): void;
}

/** The buttons at the beginning of the row. */
export function Tools({ pickFiles, mention }: Props) {
  const { composer, settings, words } = useDesk();
  const { attachments, tools } = settings.value.composer;
  const { search, showMenu } = settings.value.entities;
  const chosen = composer.tool.value;
  const hidden = tools.filter((tool) => !tool.pinned);
  const pick = (tool: ToolOption) => {
    composer.pickTool(tool.id === chosen?.id ? null : tool.id);
    composer.focus();
  };
  const attachItem = { label: words.value.attach, icon: "paperclip", onSelect: pickFiles };
  const toolItems = hidden.map((tool) => ({
    label: tool.label,
    icon: tool.icon,
    isChecked: tool.id === chosen?.id,
    onSelect: () => pick(tool),
  }));
  return (
    <div class="composer-tools">
      {hidden.length > 0 ? (
        <MenuButton
          label={words.value.addMenu}
          class="icon-button"
          side="above"
          items={[...(attachments ? [attachItem] : []), ...toolItems]}
        >
          <Icon name="plus" />
          <span class="unseen">{words.value.addMenu}</span>
        </MenuButton>
      ) : (
        attachments && <IconButton label={words.value.attach} icon="paperclip" onClick={pickFiles} />
      )}
      {search && showMenu && <IconButton label={words.value.mention} icon="mention" onClick={mention} />}
      {tools.map((tool) => {
        const isChosen = tool.id === chosen?.id;
        if (!tool.pinned && !isChosen) return null;
        return (
          <button
            key={tool.id}
            type="button"
            class="composer-tool"
            aria-pressed={tool.pinned ? isChosen : undefined}
            aria-label={tool.pinned ? undefined : fill(words.value.clearTool, { name: tool.label })}
            title={tool.label}
            onClick={() => pick(tool)}
          >
            <Icon name={tool.icon} size={18} />
            <span dir="auto">{(isChosen && tool.shortLabel) || tool.label}</span>
            {isChosen && <Icon name="close" size={14} />}
          </button>
        );
      })}
    </div>
  );
}

export function ModelMenu() {
  const { composer, settings, words } = useDesk();
  const { models } = settings.value.composer;
  const chosen = composer.model.value;
  if (models.length < 2 || !chosen) return null;
  const name = fill(words.value.model, { name: chosen.label });
  return (
    <MenuButton
      label={name}
      class="composer-model"
      side="above"
      align="end"
      items={models.map((model) => ({
        label: model.label,
        description: model.description,
        isChecked: model.id === chosen.id,
        isDisabled: model.disabled,
        onSelect: () => composer.pickModel(model.id),
      }))}
    >
      <span class="unseen">{name}</span>
      <bdi class="composer-model-name" aria-hidden="true">{chosen.label}</bdi>
      <Icon name="chevron-down" size={16} />
    </MenuButton>
  );
}

interface IconButtonProps {
  label: string;
  icon: string;
  onClick(): void;
}

export function IconButton({ label, icon, onClick }: IconButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
