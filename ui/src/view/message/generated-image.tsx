/** A picture that the assistant makes: in the making, done, and large. */

import { useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { GeneratedImageItem } from "../../protocol/items";
import { picture } from "../markdown/links";
import { useThread } from "../transcript/thread-context";

interface Props {
  item: GeneratedImageItem;
  isOpen: boolean;
  /** 0 to 1. */
  progress?: number;
}

export function GeneratedImageView({ item, isOpen, progress }: Props) {
  const desk = useDesk();
  const words = desk.words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [isLarge, setLarge] = useState(false);
  const { hosts } = useThread();
  const src = item.image ? sourceOf(item.image.url, desk.settings.value.api.url, hosts) : null;
  if (isOpen || !src) {
    return (
      <div class="picture is-open" part="message">
        {src && <img src={src} alt="" />}
        <div class="picture-progress">
          <span class={isOpen ? "shimmer" : undefined}>{isOpen ? words.imageGenerating : words.failed}</span>
          {isOpen && <progress aria-label={words.imageGenerating} max={1} value={progress} />}
        </div>
      </div>
    );
  }
  const open = () => {
    setLarge(true);
    dialog.current?.showModal();
  };
  return (
    <div class="picture" part="message">
      <button type="button" class="picture-button" aria-label={words.imageEnlarge} onClick={open}>
        <img src={src} alt={words.imageGenerated} decoding="async" />
      </button>
      <dialog
        ref={dialog}
        class="picture-dialog"
        aria-label={words.imageGenerated}
        onClose={() => setLarge(false)}
        onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
      >
        {isLarge && <img src={src} alt={words.imageGenerated} />}
        <div class="picture-bar">
          <a class="icon-button" href={src} download="" target="_blank" rel="noopener noreferrer" title={words.download}>
            <Icon name="download" />
            <span class="unseen">{words.download}</span>
          </a>
          <button type="button" class="icon-button" title={words.close} onClick={() => dialog.current?.close()}>
            <Icon name="close" />
            <span class="unseen">{words.close}</span>
          </button>
        </div>
      </dialog>
    </div>
  );
}

function sourceOf(url: string, api: string, hosts: readonly string[]): string | null {
  if (/^data:image\/(?:png|jpeg|gif|webp|avif)[;,]/.test(url)) return url;
  const page = new URL(api, document.baseURI);
  return picture(url, page.href, { origins: [location.origin, page.origin], hosts });
}
