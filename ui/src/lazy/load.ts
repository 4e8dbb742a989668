/** Parts that are loaded when they are first needed, from beside the script. */

import { createContext, Fragment, h } from "preact";
import { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { jsx, jsxs } from "preact/jsx-runtime";

import type * as Preact from "./preact";

const core = { h, Fragment, createContext, jsx, jsxs };
const hooks = { useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useContext, useId };
const shared: Omit<typeof Preact, "SHARED"> = { ...core, ...hooks };

// The same key as in `preact.ts`, which must not be bundled here: it reads what this sets.
const SHARED = Symbol.for("frontdesk.preact");
(globalThis as unknown as Record<symbol, unknown>)[SHARED] ??= shared;

/** The folder that the script came from, with a slash at its end. */
export const base: string = new URL(".", address()).href;

/** A classic script names itself; a module may not ask, so it is found among the page's scripts or in a trace. */
function address(): string {
  // No page, as in tests: nothing lies beside the script.
  if (!("document" in globalThis)) return "http://localhost/";
  const current = document.currentScript;
  if (current instanceof HTMLScriptElement && current.src) return current.src;
  const traced = /(https?:\/\/[^\s()]+?):\d+:\d+/.exec(new Error().stack ?? "")?.[1];
  if (traced) return traced;
  const named = document.querySelector<HTMLScriptElement>('script[src*="chatkit.js"]');
  return named?.src ?? document.baseURI;
}

/** A module beside the script. Fails where it can't be loaded; whoever asks does without it then. */
export function load<Part>(name: string): Promise<Part> {
  return import(`${base}ui/${name}.js`) as Promise<Part>;
}
