/** A chart's numbers: drawn by a lazy part, and as a table for those who don't see the drawing. */

import { useMemo } from "preact/hooks";

import { useDesk } from "../../desk";
import type * as ChartPart from "../../lazy/parts/chart";
import { formatLocale } from "../../locale/language";
import { chartOf, type ChartModel } from "./chart-model";
import { paint } from "./colour";
import { useLazyPart } from "./lazy-part";
import type { PartProps } from "./scope";
import { block } from "./style";

export function Chart({ node }: PartProps) {
  const { settings, words } = useDesk();
  const { part, hasFailed, dress } = useLazyPart<typeof ChartPart>("chart");
  const locale = formatLocale(words.value, settings.value.locale);
  const model = useMemo(() => chartOf(node, paint), [node]);
  const format = useMemo(() => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }), [locale]);
  const name = [words.value.widgetChart, model.series.map(({ label }) => label).join(", ")].filter(Boolean).join(": ");
  const table = <Numbers model={model} name={name} format={format} />;
  if (hasFailed) {
    return (
      <figure class="widget-table" aria-label={name} tabIndex={0}>
        {table}
      </figure>
    );
  }
  const style = block(node);
  const isSized = "height" in style || "aspectRatio" in style;
  return (
    <figure ref={dress} class={isSized ? "widget-chart is-sized" : "widget-chart"} style={style}>
      {part && <part.ChartView model={model} name={name} format={format} />}
      <div class="unseen">{table}</div>
    </figure>
  );
}

interface NumbersProps {
  model: ChartModel;
  name: string;
  format: Intl.NumberFormat;
}

function Numbers({ model, name, format }: NumbersProps) {
  return (
    <table>
      <caption>{name}</caption>
      <thead>
        <tr>
          <td />
          {model.series.map(({ label }, place) => (
            <th key={place} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {model.labels.map((label, row) => (
          <tr key={row}>
            <th scope="row">{label}</th>
            {model.series.map(({ values }, place) => {
              const value = values[row] ?? null;
              return <td key={place}>{value === null ? "–" : format.format(value)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
