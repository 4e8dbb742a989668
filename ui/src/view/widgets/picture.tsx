/** Pictures and icons. Pictures come from the page, its server and the hosts that the thread allows. */

import { useDesk } from "../../desk";
import { Icon as IconView } from "../../icons/icon";
import { picture } from "../markdown/links";
import { useThread } from "../transcript/thread-context";
import { colour, ground } from "./colour";
import type { PartProps } from "./scope";
import { block, type Style } from "./style";
import { among, text } from "./tree";

const POSITIONS = ["center", "top left", "top", "top right", "left", "right", "bottom left", "bottom", "bottom right"] as const;

export function Image({ node }: PartProps) {
  const src = usePicture(text(node["src"]));
  const alt = text(node["alt"]);
  const names = ["widget-image", node["frame"] === true && "is-framed", node["flush"] === true && "is-flush"];
  const style: Style = { ...block(node), ...ground(node["background"]) };
  const className = names.filter(Boolean).join(" ");
  if (!src) {
    return (
      <span class={`${className} is-missing`} style={style} role="img" aria-label={alt || undefined} aria-hidden={!alt}>
        <IconView name="square-image" size={20} />
      </span>
    );
  }
  style["objectFit"] = among(node["fit"], ["cover", "contain", "fill", "scale-down", "none"]);
  style["objectPosition"] = among(node["position"], POSITIONS);
  return <img class={className} style={style} src={src} alt={alt} loading="lazy" decoding="async" referrerPolicy="no-referrer" />;
}

const SIZES = { xs: 12, sm: 14, md: 18, lg: 20, xl: 24, "2xl": 28, "3xl": 36 };

export function Icon({ node }: PartProps) {
  const ink = colour(node["color"], "text");
  return (
    <span class="widget-icon" style={ink ? { color: ink } : {}}>
      <IconView name={text(node["name"])} size={SIZES[among(node["size"], ["md", "xs", "sm", "lg", "xl", "2xl", "3xl"])]} />
    </span>
  );
}

/** The address of a picture that may be shown. */
export function usePicture(src: string): string | null {
  const { settings } = useDesk();
  const { hosts } = useThread();
  if (!src) return null;
  if (/^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]/i.test(src)) return src;
  const server = new URL(settings.value.api.url, document.baseURI);
  return picture(src, server.href, { origins: [location.origin, server.origin], hosts });
}
