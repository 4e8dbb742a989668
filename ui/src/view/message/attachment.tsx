/** A file that was sent with a message. */

import { useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { fill } from "../../locale/fill";
import type { Attachment } from "../../protocol/items";
import { destination, picture } from "../markdown/links";
import { useThread } from "../transcript/thread-context";

export function AttachmentView({ attachment }: { attachment: Attachment }) {
  const { settings, words } = useDesk();
  const { hosts } = useThread();
  const [isBroken, setBroken] = useState(false);
  const { name, download_url: url } = attachment;
  const fail = () => setBroken(true);
  const page = new URL(settings.value.api.url, document.baseURI).href;
  const src = attachment.type === "image" ? previewOf(attachment.preview_url || url || "", page, hosts) : null;
  const body =
    src && !isBroken ? (
      <img class="attachment-picture" src={src} alt={name} loading="lazy" decoding="async" onError={fail} />
    ) : (
      <span class="attachment-file">
        <Icon name={attachment.type === "image" ? "square-image" : "document"} />
        <bdi class="attachment-name">{name}</bdi>
      </span>
    );
  const target = url ? destination(url, page) : null;
  if (target?.kind !== "page") return <span class="attachment">{body}</span>;
  const label = fill(words.value.attachmentOpen, { name });
  return (
    <a class="attachment" href={target.href} target="_blank" rel="noopener noreferrer" aria-label={label} title={name}>
      {body}
    </a>
  );
}

/** The user's own file: from where pictures may come, or made in this page. */
function previewOf(url: string, page: string, hosts: readonly string[]): string | null {
  if (/^blob:|^data:image\/(?:png|jpeg|gif|webp|avif)[;,]/.test(url)) return url;
  return picture(url, page, { origins: [location.origin, new URL(page).origin], hosts });
}
