/** One thing that an answer rests on: a page, a file, or something of the application's. */

import type { Source } from "../../protocol/items";
import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { formatLocale } from "../../locale/language";
import { destination } from "../markdown/links";
import { entityOf } from "./entity";

export function SourceView({ source }: { source: Source }) {
  const { composer, settings, words } = useDesk();
  const title = titleOf(source);
  const [name, date] = [source.title && nameOf(source), dateOf(source, formatLocale(words.value, settings.value.locale))];
  const text = (
    <span class="source-text">
      <span class="source-title" dir="auto">{title}</span>
      <span class="source-detail">
        {name && <bdi>{name}</bdi>}
        {name && date && " · "}
        {date && <bdi>{date}</bdi>}
      </span>
      {source.description && <span class="source-detail" dir="auto">{source.description}</span>}
    </span>
  );
  if (source.type === "url") {
    const target = destination(source.url, document.baseURI);
    if (target?.kind !== "page") return <span class="source">{text}</span>;
    return (
      <a class="source" href={target.href} target="_blank" rel="noopener noreferrer">
        <Icon name="globe" size={16} />
        {text}
      </a>
    );
  }
  const icon = source.type === "file" ? "document" : (source.icon ?? "cube");
  if (source.type === "entity" && source.interactive && settings.value.entities.click) {
    return (
      <button type="button" class="source" onClick={() => composer.clickTag(entityOf(source))}>
        <Icon name={icon} size={16} />
        {text}
      </button>
    );
  }
  return (
    <span class="source">
      <Icon name={icon} size={16} />
      {text}
    </span>
  );
}

export function titleOf(source: Source): string {
  return source.title || nameOf(source);
}

/** What tells it from others with the same title. */
function nameOf(source: Source): string {
  if (source.type === "file") return source.filename;
  if (source.type === "entity") return source.label ?? "";
  return source.attribution ?? hostOf(source.url);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, "") : "";
}

function dateOf({ timestamp }: Source, locale: string): string {
  const date = timestamp ? new Date(timestamp) : null;
  return date && !Number.isNaN(date.getTime()) ? date.toLocaleDateString(locale, { dateStyle: "medium" }) : "";
}
