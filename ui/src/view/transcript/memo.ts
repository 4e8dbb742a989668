/** A part that is drawn anew only when what it was given differs. */

import { Component, h, type ComponentChild, type FunctionComponent } from "preact";

/** `same` compares the old with the new; without it, every prop is compared by identity. */
export function memo<Props extends object>(
  Part: FunctionComponent<Props>,
  same: (old: Props, next: Props) => boolean = alike,
): new () => Component<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return !same(this.props, next);
    }
    override render(): ComponentChild {
      return h(Part, this.props);
    }
  };
}

function alike<Props extends object>(old: Props, next: Props): boolean {
  const names = Object.keys(next) as (keyof Props)[];
  return names.length === Object.keys(old).length && names.every((name) => old[name] === next[name]);
}
