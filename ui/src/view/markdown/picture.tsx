/** A picture in a text, and in its place what says where it is when it can't be had. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface Props {
  src: string;
  alt: string;
  /** Instead, where it doesn't exist or the page's policy keeps it out. */
  children: ComponentChildren;
}

export function Picture({ src, alt, children }: Props) {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <>{children}</>;
  const fail = () => setBroken(true);
  return <img class="markdown-image" src={src} alt={alt} loading="lazy" decoding="async" referrerpolicy="no-referrer" onError={fail} />;
}
