/** Where the focus goes when what had it goes away. */

import type { Desk } from "../desk";

/** To the message field. On a phone the keyboard would cover the answer. */
export function refocus({ composer }: Pick<Desk, "composer">): void {
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}
