/** Keeps the place in the transcript: at its end for those who are there, and where one reads when older items come. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Pixels from the end that count as being there. */
const NEAR = 80;
/** Pixels from the beginning where older items are loaded. */
const EARLY = 400;

export interface Following {
  /** What comes at the end is followed. */
  isWanted: boolean;
  /** Whether an answer is coming. */
  isRunning: boolean;
  threadId: string | null;
  /** The first item's id. */
  first: string | undefined;
  /** The last message of the user's that was sent just now. */
  sent: string | undefined;
  hasOlder: boolean;
  loadOlder(): Promise<void>;
}

export function useFollowing({ isWanted, isRunning, threadId, first, sent, hasOlder, loadOlder }: Following) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [isAway, setAway] = useState(false);
  const follows = useRef(true);
  const top = useRef(0);
  const wanted = useRef(isWanted);
  wanted.current = isWanted;
  const running = useRef(isRunning);
  running.current = isRunning;
  /** Whether the user has done something in it since the last answer. */
  const touched = useRef(false);
  if (isRunning) touched.current = false;
  /** Pixels to the end when older items were asked for. */
  const kept = useRef<number | null>(null);
  /** Whether the button for them has had the focus. */
  const used = useRef(false);
  /** Counts what was asked for, and threads that were left meanwhile. */
  const loads = useRef(0);

  const toEnd = (isSmooth = false) => {
    const view = scroller.current;
    const behavior = isSmooth && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "instant";
    if (!view) return;
    view.scrollTo({ top: view.scrollHeight, behavior });
    top.current = view.scrollTop;
  };

  const older = (isUsed = false) => {
    const view = scroller.current;
    used.current ||= isUsed;
    if (!view || !hasOlder || kept.current !== null) return;
    kept.current = view.scrollHeight - view.scrollTop;
    // The browser would move it, too.
    view.style.overflowAnchor = "none";
    const load = ++loads.current;
    const over = () => {
      // It is another thread's place that is kept now.
      if (load !== loads.current) return;
      kept.current = null;
      view.style.overflowAnchor = "";
      // After the last ones the button is gone, and the focus with it.
      if (!used.current || document.activeElement !== document.body) return;
      used.current = false;
      view.focus({ preventScroll: true });
    };
    loadOlder().then(() => requestAnimationFrame(over), over);
  };

  const look = (hasMoved: boolean) => {
    const view = scroller.current;
    if (!view) return;
    const away = view.scrollHeight - view.scrollTop - view.clientHeight;
    // Whoever goes back wants to stay there. That the text has grown meanwhile says nothing.
    const isBack = !hasMoved || view.scrollTop < top.current;
    if (away < NEAR || isBack) follows.current = away < NEAR;
    top.current = view.scrollTop;
    if (kept.current !== null) kept.current = view.scrollHeight - view.scrollTop;
    setAway(away > view.clientHeight / 2);
    if (view.scrollTop < EARLY) older();
  };

  useLayoutEffect(() => {
    follows.current = true;
    kept.current = null;
    loads.current++;
    if (scroller.current) scroller.current.style.overflowAnchor = "";
    toEnd();
  }, [threadId]);

  useLayoutEffect(() => {
    const view = scroller.current;
    if (!view || kept.current === null) return;
    view.scrollTop = view.scrollHeight - kept.current;
    view.style.overflowAnchor = "";
    // Even older ones may be asked for before anything is painted.
    kept.current = null;
  }, [first]);

  // The turn is as high as the view then, so its beginning is at the top.
  useLayoutEffect(() => {
    if (sent) toEnd(true);
  }, [sent]);

  useLayoutEffect(() => {
    const [view, inner] = [scroller.current, content.current];
    if (!view || !inner) return;
    const observer = new ResizeObserver(() => {
      // What grows under one's hands is what one looks at.
      const isOwn = touched.current && !running.current && inner.matches(":focus-within");
      if (follows.current && wanted.current && !isOwn) toEnd();
      else look(false);
    });
    observer.observe(inner);
    observer.observe(view);
    const touch = () => void (touched.current = true);
    inner.addEventListener("click", touch);
    inner.addEventListener("input", touch);
    return () => observer.disconnect();
  }, []);

  return { scroller, content, isAway, onScroll: () => look(true), older, toEnd };
}
