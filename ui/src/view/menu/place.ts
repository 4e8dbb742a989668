/** Where a popup goes: beside what it belongs to, and inside of the window. */

export interface Placing {
  /** Which edges meet, in reading direction, or the middles. */
  align?: "start" | "center" | "end";
  /** The side it goes to where there is room. */
  side?: "below" | "above" | "left" | "right";
  /** Pixels between the two. */
  gap?: number;
}

type Edges = Pick<DOMRect, "left" | "top" | "right" | "bottom">;
type Size = Pick<DOMRect, "width" | "height">;

const MARGIN = 8;
const OPPOSITE = { below: "above", above: "below", left: "right", right: "left" } as const;

/** Puts a popup of the top layer beside the anchor. Call it when the popup is shown, and again when either has moved. */
export function place(popup: HTMLElement, anchor: DOMRect, placing: Placing = {}) {
  popup.style.maxHeight = "";
  const view = { width: document.documentElement.clientWidth, height: window.innerHeight };
  const isLtr = getComputedStyle(popup).direction === "ltr";
  const { x, y, room } = placed(popup.getBoundingClientRect(), anchor, view, placing, isLtr);
  Object.assign(popup.style, {
    position: "fixed",
    inset: "auto",
    margin: "0",
    left: `${x}px`,
    top: `${y}px`,
    maxHeight: `${Math.max(96, room)}px`,
  });
}

/** The popup's corner, and how high it may be there. */
export function placed({ width, height }: Size, anchor: Edges, view: Size, placing: Placing, isLtr: boolean): { x: number; y: number; room: number } {
  const { align = "start", side = "below", gap = 4 } = placing;
  const room = {
    below: view.height - anchor.bottom - gap - MARGIN,
    above: anchor.top - gap - MARGIN,
    left: anchor.left - gap - MARGIN,
    right: view.width - anchor.right - gap - MARGIN,
  };
  const isBeside = side === "left" || side === "right";
  // On narrow pages there is no room beside anything.
  if (isBeside && Math.max(room.left, room.right) < width) return placed({ width, height }, anchor, view, { align, gap }, isLtr);
  const chosen = room[side] >= (isBeside ? width : height) || room[side] >= room[OPPOSITE[side]] ? side : OPPOSITE[side];
  const along = (from: number, to: number, size: number, isStart: boolean) =>
    align === "center" ? (from + to - size) / 2 : isStart ? from : to - size;
  const inside = (at: number, size: number, whole: number) => Math.max(MARGIN, Math.min(at, whole - size - MARGIN));
  if (isBeside) {
    const x = chosen === "left" ? anchor.left - gap - width : anchor.right + gap;
    const y = along(anchor.top, anchor.bottom, height, align === "start");
    return { x, y: inside(y, height, view.height), room: view.height - 2 * MARGIN };
  }
  const x = along(anchor.left, anchor.right, width, (align === "start") === isLtr);
  const shown = Math.min(height, room[chosen]);
  const y = chosen === "below" ? anchor.bottom + gap : anchor.top - gap - shown;
  return { x: inside(x, width, view.width), y: Math.max(MARGIN, y), room: room[chosen] };
}
