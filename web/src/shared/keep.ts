// Storage that may be missing or full (private windows, embedded views): then the page itself remembers.

export interface Keep {
  get(key: string): string | null;
  set(key: string, value: string): void;
  drop(key: string): void;
}

export function keepIn(pick: () => Storage): Keep {
  const memory = new Map<string, string>();
  let storage: Storage | null = null;
  try {
    storage = pick();
  } catch {
    storage = null;
  }
  return {
    get(key) {
      try {
        return memory.get(key) ?? storage?.getItem(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    set(key, value) {
      try {
        if (!storage) throw new Error("no storage");
        storage.setItem(key, value);
        memory.delete(key);
      } catch {
        memory.set(key, value);
      }
    },
    drop(key) {
      memory.delete(key);
      try {
        storage?.removeItem(key);
      } catch {
        // Nothing was kept there, so nothing is left behind.
      }
    },
  };
}
