/** Speech to text: the page records it, the server writes it down. */

import { computed, signal, type ReadonlySignal } from "@preact/signals";

import { errorOf, ServerError, troubleOf } from "../client/failure";
import type { Server } from "../client/server";
import type { Dictation, Tell } from "../desk";
import type { Words } from "../locale/en";
import type { Settings } from "../settings";

export interface DictationParts {
  settings: ReadonlySignal<Settings>;
  words: ReadonlySignal<Words>;
  server: Pick<Server, "call">;
  tell: Tell;
  onText(text: string): void;
  onTrouble(trouble: string): void;
}

/** What servers are most likely to read, the best first. */
const FORMATS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const LONGEST_SECONDS = 300;
/** Milliseconds between two looks at how loud it is. */
const LOOK = 100;

export function createDictation({ settings, words, server, tell, onText, onTrouble }: DictationParts): Dictation {
  const state = signal<Dictation["state"]["value"]>("off");
  const level = signal(0);
  const seconds = signal(0);
  let recording: Recording | null = null;
  /** Counts attempts: what comes of one that was cancelled is of no use. */
  let attempt = 0;

  function off(): void {
    attempt++;
    recording?.close();
    recording = null;
    state.value = "off";
    level.value = seconds.value = 0;
  }

  function fail(cause: unknown, trouble: string): void {
    off();
    tell("chatkit.error", { error: errorOf(cause) });
    onTrouble(trouble);
  }

  async function start(): Promise<void> {
    if (state.value !== "off") return;
    const mine = ++attempt;
    state.value = "starting";
    try {
      const begun = await record((loudness, time) => {
        level.value = loudness;
        seconds.value = time;
        if (time >= LONGEST_SECONDS) finish();
      });
      if (mine !== attempt) return begun.close();
      recording = begun;
      state.value = "recording";
    } catch (error) {
      if (mine !== attempt) return;
      const isDenied = error instanceof DOMException && error.name === "NotAllowedError";
      fail(error, isDenied ? words.value.microphoneDenied : words.value.microphoneMissing);
    }
  }

  function finish(): void {
    if (state.value !== "recording" || !recording) return;
    state.value = "transcribing";
    void transcribe(recording, attempt);
  }

  async function transcribe(done: Recording, mine: number): Promise<void> {
    try {
      const audio = await done.end();
      const asked = { audio_base64: await base64(audio), mime_type: audio.type };
      if (mine !== attempt) return;
      const { text } = await server.call("input.transcribe", asked);
      if (mine !== attempt) return;
      off();
      if (text.trim()) onText(text.trim());
      else onTrouble(words.value.nothingHeard);
    } catch (error) {
      if (mine !== attempt) return;
      const isPlain = !(error instanceof ServerError) || error.status === 404;
      fail(error, isPlain ? words.value.dictationFailed : troubleOf(error, words.value));
    }
  }

  const isPossible = computed(() => settings.value.composer.dictation && canRecord());
  return { state, level, seconds, isPossible, start, finish, cancel: off };
}

interface Recording {
  /** Ends it. What was recorded. */
  end(): Promise<Blob>;
  /** Ends it, and nobody wants it. */
  close(): void;
}

function canRecord(): boolean {
  return typeof MediaRecorder !== "undefined" && navigator.mediaDevices !== undefined;
}

async function record(onLook: (level: number, seconds: number) => void): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  try {
    return recordingOf(stream, onLook);
  } catch (error) {
    release(stream);
    throw error;
  }
}

function recordingOf(stream: MediaStream, onLook: (level: number, seconds: number) => void): Recording {
  const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }) });
  const chunks: Blob[] = [];
  recorder.ondataavailable = ({ data }) => chunks.push(data);
  const ended = new Promise<void>((resolve) => (recorder.onstop = () => resolve()));
  const measure = meter(stream);
  const begun = performance.now();
  const timer = setInterval(() => onLook(measure.level(), Math.floor((performance.now() - begun) / 1000)), LOOK);
  recorder.start();
  const close = () => {
    clearInterval(timer);
    measure.close();
    if (recorder.state !== "inactive") recorder.stop();
    release(stream);
  };
  return {
    close,
    async end() {
      close();
      await ended;
      return new Blob(chunks, { type: recorder.mimeType });
    },
  };
}

function meter(stream: MediaStream) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  return {
    level() {
      analyser.getByteTimeDomainData(samples);
      return loudness(samples);
    },
    close: () => void (context.state === "closed" || context.close()),
  };
}

/** Lets the microphone go. */
function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** 0 to 1, as ears hear it rather than as it is measured. */
function loudness(samples: Uint8Array): number {
  const sum = samples.reduce((total, sample) => total + (sample / 128 - 1) ** 2, 0);
  return Math.min(1, Math.sqrt(sum / samples.length) * 4);
}

async function base64(audio: Blob): Promise<string> {
  const bytes = new Uint8Array(await audio.arrayBuffer());
  let text = "";
  // All at once would be too many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
