/** A `chatkit-link` in a text: it leads to the application, not away from the page. */

import type { ComponentChildren } from "preact";

import { useDesk } from "../../desk";

interface Props {
  name: string;
  data: Record<string, string>;
  children?: ComponentChildren;
}

export function ApplicationLink({ name, data, children }: Props) {
  const desk = useDesk();
  return (
    <button type="button" class="markdown-link" onClick={() => desk.tell("chatkit.deeplink", { name, data })}>
      {children}
    </button>
  );
}
