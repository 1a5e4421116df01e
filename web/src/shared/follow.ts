// Keeps a list of messages at its end while one reads there, and leaves it alone while one reads further up.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { RefObject } from "preact";

const NEAR = 80;

/** `mark` is anything that changes when the list grows; `own` grows when one's own words should be shown. */
export function useFollow(mark: unknown, own: unknown): RefObject<HTMLDivElement | null> {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
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
    if (element) element.scrollTop = element.scrollHeight;
  }, [own]);
  return list;
}
