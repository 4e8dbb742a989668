/** What a lazy part takes for Preact: the copy that the main file has left for it. */

import type * as Core from "preact";
import type * as Hooks from "preact/hooks";
import type * as Jsx from "preact/jsx-runtime";

type Shared = typeof Core & typeof Hooks & typeof Jsx;

/** Where the main file leaves it. */
export const SHARED = Symbol.for("frontdesk.preact");

const shared = (globalThis as unknown as Record<symbol, Shared>)[SHARED]!;

export const { h, Fragment, createContext, jsx, jsxs } = shared;
export const { useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useContext, useId } = shared;
