/** The files that go with the message, and how far they are. */

import { useEffect, useRef, useState } from "preact/hooks";

import { useDesk, type Desk, type Draft } from "../../desk";
import { Icon } from "../../icons/icon";
import { fill } from "../../locale/fill";
import { picture } from "../markdown/links";

export function Files() {
  const { composer, words } = useDesk();
  const drafts = composer.attachments.value;
  if (drafts.length === 0) return null;
  return (
    <ul class="composer-files" role="list" aria-label={words.value.files}>
      {drafts.map((draft) => (
        <FileView key={draft.key} draft={draft} />
      ))}
    </ul>
  );
}

function FileView({ draft: { key, name, preview, state, progress, trouble } }: { draft: Draft }) {
  const desk = useDesk();
  const { announcer, composer, words } = desk;
  const [isBroken, setBroken] = useState(false);
  const src = preview && !isBroken ? shown(preview, desk) : null;
  const before = useRef(state);
  useEffect(() => {
    if (before.current === "uploading" && state === "ready") announcer.say(fill(words.value.fileReady, { name }));
    before.current = state;
  }, [state]);
  const share = Math.round(progress * 100);
  const remove = fill(words.value.fileRemove, { name });
  const retry = fill(words.value.uploadRetry, { name });
  return (
    <li class={`composer-file is-${state}`} title={name}>
      {src ? <img src={src} alt="" onError={() => setBroken(true)} /> : <Icon name="document" size={20} />}
      <span class="composer-file-text">
        <bdi class="composer-file-name">{name}</bdi>
        {trouble && <span class="composer-file-trouble" role="alert">{trouble}</span>}
      </span>
      {state === "uploading" && (
        <span
          class="composer-file-progress"
          role="progressbar"
          aria-label={fill(words.value.uploading, { name })}
          aria-valuenow={share || undefined}
          style={{ "--share": `${Math.max(4, share)}%` }}
        />
      )}
      {state === "failed" && (
        <button
          type="button"
          class="icon-button is-small"
          aria-label={retry}
          title={retry}
          onClick={() => {
            composer.retryUpload(key);
            composer.focus();
          }}
        >
          <Icon name="reload" size={16} />
        </button>
      )}
      <button
        type="button"
        class="icon-button is-small"
        aria-label={remove}
        title={remove}
        onClick={() => {
          composer.detach(key);
          composer.focus();
        }}
      >
        <Icon name="close" size={16} />
      </button>
    </li>
  );
}

/** A picture of ours, or from where the thread's may come. */
function shown(preview: string, { chat, settings }: Desk): string | null {
  if (preview.startsWith("blob:")) return preview;
  const page = document.baseURI;
  const origins = [location.origin, new URL(settings.value.api.url, page).origin];
  return picture(preview, page, { origins, hosts: chat.transcript.peek().thread?.allowed_image_domains ?? [] });
}
