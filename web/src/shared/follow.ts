// Keeps a list of messages at its end while one reads there, and leaves it alone while one reads further up.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { RefObject } from "preact";

const NEAR = 80;

/**
 * `mark` is anything that changes when the list grows. `own` changes when one's own words are to be shown; while it
 * is 0 the list stays at its top, so that what stands there first is read first.
 */
export function useFollow(mark: unknown, own: number): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(false);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return undefined;
    const look = (): void => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    };
    // The box shrinks when a phone's keyboard opens: what was in sight stays in sight.
    const shape = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    element.addEventListener("scroll", look, { passive: true });
    shape.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      shape.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    const element = list.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [mark]);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element || own === 0) return;
    element.scrollTop = element.scrollHeight;
    atEnd.current = true;
  }, [own]);
  return list;
}
