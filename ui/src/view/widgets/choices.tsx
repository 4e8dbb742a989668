/** Boxes to check, and one of several to choose. */

import { useField } from "./field";
import { useScope, type PartProps } from "./scope";
import { optionsOf, spoken, text } from "./tree";

export function Checkbox({ node }: PartProps) {
  const field = useField(node);
  const label = text(node["label"]);
  return (
    <div class="widget-field">
      <label class="widget-choice">
        <input
          {...field.props}
          aria-label={label ? undefined : field.props["aria-label"]}
          type="checkbox"
          data-name={text(node["name"])}
          defaultChecked={node["defaultChecked"] === true}
          onChange={(event) => field.changed(event.currentTarget)}
        />
        {label && <span dir="auto">{label}</span>}
      </label>
      {field.trouble}
    </div>
  );
}

export function RadioGroup({ node }: PartProps) {
  const scope = useScope();
  const field = useField(node);
  const name = text(node["name"]);
  const { id, required, disabled, onInvalid, onInput } = field.props;
  const label = text(node["ariaLabel"]) || spoken(name);
  return (
    <div class="widget-field">
      <div
        id={id}
        role="radiogroup"
        class={node["direction"] === "row" ? "widget-choices is-row" : "widget-choices"}
        aria-label={scope.labelled.has(name) ? undefined : label}
        aria-labelledby={scope.labelled.has(name) ? `${id}-label` : undefined}
        aria-required={required || undefined}
        aria-invalid={field.props["aria-invalid"]}
        aria-describedby={field.props["aria-describedby"]}
      >
        {optionsOf(node["options"]).map((option, place) => (
          <label key={place} class="widget-choice">
            <input
              type="radio"
              // Radios of one name belong together in the whole page.
              name={id}
              data-name={name}
              value={option.value}
              required={required}
              disabled={disabled || option.disabled}
              defaultChecked={option.value === text(node["defaultValue"])}
              onInvalid={onInvalid}
              onInput={onInput}
              onChange={(event) => field.changed(event.currentTarget)}
            />
            <span dir="auto">{option.label}</span>
          </label>
        ))}
      </div>
      {field.trouble}
    </div>
  );
}
