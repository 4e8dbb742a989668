/** A scheme that an author wants for a part of the page, whatever the page's own is. */

import { useMemo } from "preact/hooks";

import { useDesk } from "../../desk";
import type { WidgetNode } from "../../protocol/widget";
import { readColour } from "../../theme/apply";
import { tokens } from "../../theme/tokens";
import type { Style } from "./style";

export function useTheme(node: WidgetNode): Style {
  const { theme } = useDesk().settings.value;
  const { theme: wanted } = node;
  return useMemo(() => {
    if (wanted !== "light" && wanted !== "dark") return {};
    // Surfaces are of one scheme only.
    const colours = { ...theme.color, surface: undefined };
    const found = tokens({ ...theme, colorScheme: wanted, color: colours }, false, readColour);
    return { ...found, backgroundColor: "var(--fd-raised)", color: "var(--fd-text)" };
  }, [wanted, theme]);
}
