/** Draws charts: bars, areas and lines, with their legend and a box that says the numbers. Loaded with a first chart. */

import type { TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { layout, type Layout, type Plane } from "../../view/widgets/chart-layout";
import type { ChartModel } from "../../view/widgets/chart-model";
import styles from "../../view/widgets/chart.css";

interface Props {
  model: ChartModel;
  /** What it is called, for those who don't see it. */
  name: string;
  format: Intl.NumberFormat;
}

interface Size {
  width: number;
  height: number;
}

/** Pixels of a character, about. */
const CHARACTER = 6.5;
const MOST_CHARACTERS = 16;

let made: CSSStyleSheet | undefined;

export function sheet(): CSSStyleSheet {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(styles);
  }
  return made;
}

export function ChartView(props: Props) {
  return (
    <>
      <Plot {...props} />
      {props.model.hasLegend && <Legend model={props.model} />}
    </>
  );
}

function Plot({ model, name, format }: Props) {
  const plot = useRef<HTMLDivElement>(null);
  const size = useSize(plot);
  const [active, setActive] = useState<number | null>(null);
  const [isByKeys, setByKeys] = useState(false);
  const plane = useMemo(() => planeOf(model, size, format), [model, size, format]);
  const drawn = useMemo(() => layout(model, plane), [model, plane]);
  const last = model.labels.length - 1;
  const look = (place: number | null, byKeys: boolean) => {
    setActive(place === null || last < 0 ? null : Math.min(last, Math.max(0, place)));
    setByKeys(byKeys);
  };
  const onPointerMove = (event: TargetedPointerEvent<HTMLDivElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().x;
    const distances = drawn.places.map((place) => Math.abs(place - x));
    look(distances.indexOf(Math.min(...distances)), false);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const here = active ?? -1;
    const next = ({ ArrowRight: here + 1, ArrowLeft: active === null ? last : here - 1, Home: 0, End: last } as Record<string, number>)[event.key];
    if (next === undefined && !(event.key === "Escape" && active !== null)) return;
    event.preventDefault();
    event.stopPropagation();
    look(next ?? null, true);
  };
  const looks = model.hasTooltip && last >= 0;
  return (
    <div
      ref={plot}
      class="chart-plot"
      dir="ltr"
      role="group"
      aria-label={name}
      tabIndex={looks ? 0 : undefined}
      onPointerMove={looks ? onPointerMove : undefined}
      onPointerLeave={() => look(null, false)}
      onKeyDown={looks ? onKeyDown : undefined}
      onBlur={() => look(null, false)}
    >
      {size.width > 0 && <Drawing model={model} drawn={drawn} plane={plane} size={size} format={format} active={active} />}
      {looks && (
        <div class="unseen" role="status">
          {isByKeys && active !== null ? saying(model, active, format) : ""}
        </div>
      )}
      {active !== null && <Tooltip model={model} place={active} x={drawn.places[active] ?? 0} size={size} format={format} />}
    </div>
  );
}

function Legend({ model }: { model: ChartModel }) {
  return (
    <ul class="chart-legend" aria-hidden="true">
      {model.series.map(({ label, colour }, place) => (
        <li key={place}>
          <span class="chart-swatch" style={{ backgroundColor: colour }} />
          <span dir="auto">{label}</span>
        </li>
      ))}
    </ul>
  );
}

interface DrawingProps {
  model: ChartModel;
  drawn: Layout;
  plane: Plane;
  size: Size;
  format: Intl.NumberFormat;
  active: number | null;
}

function Drawing({ model, drawn, plane, size, format, active }: DrawingProps) {
  const isBare = !model.series.some(({ kind }) => kind === "bar");
  return (
    <svg width={size.width} height={size.height} aria-hidden="true" focusable="false">
      {drawn.ticks.map(({ value, y }) => (
        <g key={value}>
          <line class={y === drawn.base ? "chart-base" : "chart-grid"} x1={plane.left} x2={plane.right} y1={y} y2={y} />
          {model.hasYAxis && (
            <text class="chart-text" x={plane.left - 8} y={y} text-anchor="end" dominant-baseline="central">
              {format.format(value)}
            </text>
          )}
        </g>
      ))}
      {active !== null && !isBare && (
        <rect class="chart-band" x={(drawn.places[active] ?? 0) - drawn.step / 2} y={plane.top} width={drawn.step} height={plane.bottom - plane.top} />
      )}
      {active !== null && isBare && <line class="chart-rule" x1={drawn.places[active]} x2={drawn.places[active]} y1={plane.top} y2={plane.bottom} />}
      {drawn.areas.map(({ path, line, colour }, place) => (
        <g key={place} style={{ color: colour }}>
          <path class="chart-area" d={path} />
          <path class="chart-line" d={line} />
        </g>
      ))}
      {drawn.bars.map(({ x, y, width, height, colour, isLast }, place) => (
        <rect key={place} class="chart-bar" style={{ color: colour }} x={x} y={y} width={width} height={height} rx={isLast ? Math.min(3, width / 3) : 0} />
      ))}
      {drawn.lines.map(({ path, colour }, place) => (
        <path key={place} class="chart-line" style={{ color: colour }} d={path} />
      ))}
      {active !== null &&
        drawn.points.map((points, place) => {
          const point = points[active];
          const series = model.series[place];
          if (!point || !series || series.kind === "bar") return null;
          return <circle key={place} class="chart-dot" style={{ color: series.colour }} cx={point[0]} cy={point[1]} r={4} />;
        })}
      {model.hasXAxis && <Labels model={model} drawn={drawn} plane={plane} />}
    </svg>
  );
}

/** As many labels as there is room for. */
function Labels({ model, drawn, plane }: { model: ChartModel; drawn: Layout; plane: Plane }) {
  const texts = model.labels.map((label) => cut(label));
  const widest = Math.max(0, ...texts.map((text) => text.length)) * CHARACTER + 12;
  const every = Math.max(1, Math.ceil(widest / drawn.step));
  return (
    <>
      {texts.map((text, place) => {
        if (place % every !== 0) return null;
        const x = drawn.places[place] ?? 0;
        const half = (text.length * CHARACTER) / 2;
        const anchor = x - half < 0 ? "start" : x + half > plane.right + 4 ? "end" : "middle";
        return (
          <text key={place} class="chart-text" x={x} y={plane.bottom + 18} text-anchor={anchor}>
            {text}
          </text>
        );
      })}
    </>
  );
}

interface TooltipProps {
  model: ChartModel;
  place: number;
  x: number;
  size: Size;
  format: Intl.NumberFormat;
}

function Tooltip({ model, place, x, size, format }: TooltipProps) {
  // On the side where there is more room.
  const isBefore = x > size.width / 2;
  const style = isBefore ? { insetInlineEnd: `${size.width - x + 12}px` } : { insetInlineStart: `${x + 12}px` };
  return (
    <div class="chart-tooltip" style={style} aria-hidden="true">
      <strong dir="auto">{model.labels[place]}</strong>
      {model.series.map(({ label, colour, values }, index) => {
        const value = values[place] ?? null;
        if (value === null) return null;
        return (
          <span key={index} class="chart-value">
            <span class="chart-swatch" style={{ backgroundColor: colour }} />
            <span dir="auto">{label}</span>
            <b>{format.format(value)}</b>
          </span>
        );
      })}
    </div>
  );
}

function saying({ labels, series }: ChartModel, place: number, format: Intl.NumberFormat): string {
  const values = series.flatMap(({ label, values }) => {
    const value = values[place] ?? null;
    return value === null ? [] : [`${label} ${format.format(value)}`];
  });
  return `${labels[place] ?? ""}: ${values.join(", ")}`;
}

function planeOf(model: ChartModel, { width, height }: Size, format: Intl.NumberFormat): Plane {
  const numbers = model.series.flatMap(({ values }) => values.map((value) => (value === null ? 0 : format.format(Math.round(value)).length)));
  const side = model.hasYAxis ? Math.max(1, ...numbers) * CHARACTER + 20 : 4;
  return { left: side, right: Math.max(side + 1, width - 6), top: 10, bottom: Math.max(11, height - (model.hasXAxis ? 28 : 6)) };
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}

function useSize(element: { current: HTMLElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: Math.floor(entry.contentRect.width), height: Math.floor(entry.contentRect.height) });
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return size;
}
