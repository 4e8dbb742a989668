/** Which effects of a turn this tab has told already: a page that is loaded anew reads its turn from the start. */

import type { World } from "./world";

const KEY = "frontdesk.effects";

export class ToldEffects {
  constructor(private readonly world: World) {}

  /** Whether it is a new one; from then on it isn't. */
  isNew(turn: string | null, id: string | null): boolean {
    const place = id === null ? null : placeOf(id);
    if (turn === null || !place) return true;
    const [last, lastId = ""] = (this.world.recall(KEY) ?? "").split(" ");
    const before = last === turn ? placeOf(lastId) : null;
    if (before && !isAfter(place, before)) return false;
    this.world.remember(KEY, `${turn} ${id}`);
    return true;
  }
}

/** `2-17` is the 17th event of the second attempt. */
function placeOf(id: string): [attempt: number, event: number] | null {
  const found = /^(\d+)-(\d+)$/.exec(id);
  return found ? [Number(found[1]), Number(found[2])] : null;
}

function isAfter(one: [number, number], other: [number, number]): boolean {
  return one[0] === other[0] ? one[1] > other[1] : one[0] > other[0];
}
