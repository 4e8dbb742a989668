/** The fonts that a theme brings along, as font faces of the document: a shadow root has none of its own. */

import type { FontObject } from "@openai/chatkit";

/** Makes them known. They are loaded when text first needs them. What it returns takes them away again. */
export function fontFaces(sources: readonly FontObject[]): () => void {
  const faces = sources.flatMap((source) => face(source) ?? []);
  for (const made of faces) document.fonts.add(made);
  return () => {
    for (const made of faces) document.fonts.delete(made);
  };
}

function face({ family, src, weight, style, display, unicodeRange }: FontObject): FontFace | null {
  try {
    const address = new URL(src, document.baseURI).href;
    return new FontFace(family, `url(${JSON.stringify(address)})`, {
      ...(weight !== undefined && { weight: String(weight) }),
      ...(style && { style }),
      ...(unicodeRange && { unicodeRange }),
      display: display ?? "swap",
    });
  } catch (error) {
    console.warn("chat theme: a font can't be used:", family, error);
    return null;
  }
}
