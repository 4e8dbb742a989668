/** Collects changes, so that what is shown changes once a frame, however many events come. */

import type { Event } from "../protocol/events";
import type { LocalEvent } from "./reduce";
import type { World } from "./world";

export type Change = Event | LocalEvent;

export class Batch {
  #changes: Change[] = [];

  constructor(
    private readonly world: World,
    private readonly apply: (changes: readonly Change[]) => void,
  ) {}

  push(...changes: Change[]): void {
    const isFirst = this.#changes.length === 0;
    this.#changes.push(...changes);
    if (isFirst && changes.length > 0) this.world.frame(() => this.flush());
  }

  /** Applies what has come until now. */
  flush(): void {
    if (this.#changes.length > 0) this.apply(this.#changes.splice(0));
  }

  /** Forgets it instead. */
  drop(): void {
    this.#changes = [];
  }
}
