// Tells the other side that somebody is typing: at most every three seconds, and once when it stops.

const EVERY = 3_000;
const STOPS_AFTER = 5_000;

/** How long a heard "typing" holds without being repeated, in ms. */
export const HEARD_FOR = 7_000;

export function typingTeller(tell: (on: boolean) => void): { typed: () => void; stopped: () => void } {
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopped = (): void => {
    clearTimeout(timer);
    if (last !== 0) tell(false);
    last = 0;
  };
  return {
    typed() {
      const now = Date.now();
      if (now - last >= EVERY) {
        last = now;
        tell(true);
      }
      clearTimeout(timer);
      timer = setTimeout(stopped, STOPS_AFTER);
    },
    stopped,
  };
}
