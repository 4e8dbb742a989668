/** The files that are attached: from the page to the server, each by itself. */

import { signal, type ReadonlySignal } from "@preact/signals";

import { errorOf, ServerError, troubleOf } from "../client/failure";
import type { Server } from "../client/server";
import type { Draft, Tell } from "../desk";
import { fill } from "../locale/fill";
import { formatLocale } from "../locale/language";
import type { Words } from "../locale/en";
import type { Attachment } from "../protocol/items";
import type { AttachmentLimits, Settings } from "../settings";
import { mimeOf, refusalOf, type Refusal } from "./accepting";
import { transfer, type Cargo } from "./transfer";

export interface UploadsParts {
  settings: ReadonlySignal<Settings>;
  words: ReadonlySignal<Words>;
  server: Pick<Server, "call">;
  tell: Tell;
}

/** What is known of a file that comes from here. */
interface Own {
  file: File;
  abort: AbortController;
}

export class Uploads {
  /** By their keys. */
  readonly drafts = signal<ReadonlyMap<string, Draft>>(new Map());
  readonly #own = new Map<string, Own>();
  readonly #parts: UploadsParts;
  #count = 0;

  constructor(parts: UploadsParts) {
    this.#parts = parts;
  }

  /** Begins with those that may be attached beside `already` others. Says why the rest may not. */
  add(files: readonly File[], already: number): { keys: string[]; complaints: string[] } {
    const limits = this.#parts.settings.value.composer.attachments;
    if (!limits) return { keys: [], complaints: [] };
    const keys: string[] = [];
    const complaints = new Set<string>();
    for (const file of files) {
      const refusal = refusalOf(file, limits, already + keys.length);
      if (refusal) complaints.add(this.#sayWhy(refusal, file.name));
      else keys.push(this.#begin(file, limits));
    }
    return { keys, complaints: [...complaints] };
  }

  /** Takes in what is at the server already. */
  adopt(attachments: readonly Attachment[]): string[] {
    return attachments.map((attachment) => {
      const { name, mime_type: mime } = attachment;
      const preview = attachment.type === "image" ? attachment.preview_url : undefined;
      return this.#put({ key: this.#key(), name, mime, preview, progress: 1, state: "ready", attachment });
    });
  }

  retry(key: string): void {
    const own = this.#own.get(key);
    if (!own || this.drafts.value.get(key)?.state !== "failed") return;
    own.abort = new AbortController();
    this.#change(key, { state: "uploading", progress: 0, trouble: undefined });
    void this.#run(key, own);
  }

  /** It isn't wanted any more. What came from here is deleted at the server, too. */
  discard(key: string): void {
    const own = this.#own.get(key);
    const id = this.drafts.value.get(key)?.attachment?.id;
    this.forget([key]);
    own?.abort.abort();
    if (own && id !== undefined) this.#remove(id);
  }

  /** They belong to a message now. */
  forget(keys: readonly string[]): void {
    const drafts = new Map(this.drafts.value);
    for (const key of keys) {
      const preview = drafts.get(key)?.preview;
      if (preview?.startsWith("blob:")) URL.revokeObjectURL(preview);
      drafts.delete(key);
      this.#own.delete(key);
    }
    this.drafts.value = drafts;
  }

  #begin(file: File, limits: AttachmentLimits): string {
    const key = this.#key();
    const mime = mimeOf(file, limits);
    const preview = /^image\/(?:png|jpeg|gif|webp|avif)$/.test(mime) ? URL.createObjectURL(file) : undefined;
    const own = { file, abort: new AbortController() };
    this.#own.set(key, own);
    this.#put({ key, name: file.name, mime, preview, progress: 0, state: "uploading" });
    void this.#run(key, own);
    return key;
  }

  async #run(key: string, own: Own): Promise<void> {
    const { signal: stop } = own.abort;
    try {
      const attachment = await this.#send(key, own, stop);
      if (stop.aborted) this.#remove(attachment.id);
      else this.#change(key, { state: "ready", progress: 1, attachment });
    } catch (cause) {
      if (stop.aborted) return;
      const error = errorOf(cause);
      this.#parts.tell("chatkit.error", { error });
      this.#change(key, { state: "failed", trouble: this.#troubleOf(error) });
    }
  }

  async #send(key: string, { file }: Own, stop: AbortSignal): Promise<Attachment> {
    const { settings, server } = this.#parts;
    const { api, composer } = settings.value;
    const onProgress = (progress: number) => stop.aborted || this.#change(key, { progress });
    const go = (cargo: Omit<Cargo, "signal" | "onProgress">) => transfer({ ...cargo, signal: stop, onProgress });
    const mime = mimeOf(file, composer.attachments);
    if (api.uploadStrategy?.type === "direct") {
      const { uploadUrl: url } = api.uploadStrategy;
      return attachmentOf(await go({ url, method: "POST", body: formOf(file, mime), fetch: api.fetch }));
    }
    const asked = { name: file.name, size: file.size, mime_type: mime };
    const attachment = await server.call("attachments.create", asked, stop);
    const { upload_descriptor: to, ...known } = attachment;
    if (!to) throw new Error("the server doesn't say where the file goes");
    try {
      const body = to.method === "POST" ? formOf(file, mime) : file.slice(0, file.size, mime);
      // What an application's own `fetch` adds, such as a token, is for its server alone.
      const isNear = originOf(to.url) === originOf(api.url);
      await go({ ...to, body, fetch: isNear ? api.fetch : undefined });
    } catch (error) {
      // Half of a file is of no use to anybody.
      this.#remove(attachment.id);
      throw error;
    }
    return known as Attachment;
  }

  #remove(id: string): void {
    // Where it can't be deleted now the server does it in time: no message names it.
    this.#parts.server.call("attachments.delete", { attachment_id: id }).catch(() => {});
  }

  #key(): string {
    return `file-${++this.#count}`;
  }

  #put(draft: Draft): string {
    this.drafts.value = new Map(this.drafts.value).set(draft.key, draft);
    return draft.key;
  }

  #change(key: string, change: Partial<Draft>): void {
    const draft = this.drafts.value.get(key);
    if (draft) this.#put({ ...draft, ...change });
  }

  #troubleOf(error: Error): string {
    const words = this.#parts.words.value;
    const isPlain = !(error instanceof ServerError) || error.status === 404;
    return isPlain ? words.uploadFailed : troubleOf(error, words);
  }

  #sayWhy(refusal: Refusal, name: string): string {
    const words = this.#parts.words.value;
    switch (refusal.kind) {
      case "count":
        return fill(words.filesTooMany, { count: refusal.most });
      case "type":
        return fill(words.fileType, { name });
      case "empty":
        return fill(words.fileEmpty, { name });
      case "size":
        return fill(words.fileTooLarge, { name, size: this.#sizeOf(refusal.most) });
    }
  }

  #sizeOf(bytes: number): string {
    const { words, settings } = this.#parts;
    const isLarge = bytes >= 1024 ** 2;
    const format = new Intl.NumberFormat(formatLocale(words.value, settings.value.locale), {
      style: "unit",
      unit: isLarge ? "megabyte" : "kilobyte",
      maximumFractionDigits: 1,
    });
    return format.format(bytes / (isLarge ? 1024 ** 2 : 1024));
  }
}

function originOf(address: string): string {
  return new URL(address, document.baseURI).origin;
}

function formOf(file: File, mime: string): FormData {
  const form = new FormData();
  form.append("file", file.slice(0, file.size, mime), file.name);
  return form;
}

async function attachmentOf(response: Response): Promise<Attachment> {
  const value: unknown = await response.json().catch(() => null);
  const isOne = typeof value === "object" && value !== null && "id" in value && "type" in value;
  if (!isOne) throw new ServerError(502, "unreadable", "the server's answer can't be read");
  return value as Attachment;
}
