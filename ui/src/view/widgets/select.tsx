/** One of several, from a list: the browser's own where it is short, else one that can be searched. */

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { Combobox } from "./combobox";
import { controlClass, useField } from "./field";
import type { PartProps } from "./scope";
import { optionsOf, text } from "./tree";

const MANY = 15;

export function Select({ node }: PartProps) {
  const options = optionsOf(node["options"]);
  const isSearched = node["searchable"] === true || (node["searchable"] !== false && options.length > MANY);
  return isSearched ? <Combobox node={node} /> : <NativeSelect node={node} />;
}

function NativeSelect({ node }: PartProps) {
  const field = useField(node);
  const words = useDesk().words.value;
  const chosen = text(node["defaultValue"]);
  const canClear = node["clearable"] === true;
  return (
    <div class="widget-field">
      <div class={`${controlClass(node, "is-select")} widget-with-icon`}>
        <select {...field.props} data-name={text(node["name"])} onChange={(event) => field.changed(event.currentTarget)}>
          {(canClear || !chosen) && (
            <option value="" selected={!chosen} disabled={!canClear} hidden={!canClear}>
              {text(node["placeholder"]) || words.widgetChoose}
            </option>
          )}
          {optionsOf(node["options"]).map(({ value, label, description, disabled }, place) => (
            <option key={place} value={value} selected={value === chosen && chosen !== ""} disabled={disabled}>
              {description ? `${label} – ${description}` : label}
            </option>
          ))}
        </select>
        <Icon name="chevron-down" size={16} />
      </div>
      {field.trouble}
    </div>
  );
}
