// The box one writes in. Enter sends, Shift+Enter starts a line, and an Enter that ends an input method's
// composition does neither: half-written Chinese never leaves by accident.

import type { Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { length } from "./spans";
import { t } from "./words";

export const LIMIT = 4_000;
const COUNT_FROM = 3_600;

interface Props {
  draft: Signal<string>;
  label: string;
  placeholder: string;
  send: (text: string) => void;
  typed: () => void;
  note?: string;
}

export function Composer({ draft, label, placeholder, send, typed, note }: Props) {
  const box = useRef<HTMLTextAreaElement>(null);
  const text = draft.value;
  const count = length(text);
  const tooLong = count > LIMIT;
  const empty = text.trim() === "";

  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 180)}px`;
  }, [text]);

  const leave = (): void => {
    if (empty || tooLong) return;
    draft.value = "";
    send(text);
    box.current?.focus();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      <label class="sr-only" for="message">
        {label}
      </label>
      <textarea
        id="message"
        name="text"
        ref={box}
        rows={1}
        dir="auto"
        autocomplete="off"
        enterkeyhint="send"
        placeholder={placeholder}
        aria-describedby={note || count > COUNT_FROM ? "composer-note" : undefined}
        aria-invalid={tooLong}
        data-testid="composer"
        value={text}
        onInput={(event) => {
          draft.value = event.currentTarget.value;
          typed();
        }}
        onKeyDown={(event) => {
          // Safari ends a composition before the key event; it then reports the key code 229.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
          event.preventDefault();
          leave();
        }}
      />
      <button type="submit" class="primary" data-testid="send" aria-disabled={empty || tooLong}>
        {t("shared.send")}
      </button>
      {(note || count > COUNT_FROM) && (
        <p id="composer-note" class={tooLong ? "composer-note warn" : "composer-note"} role="status">
          {tooLong
            ? t("shared.too_long", { over: count - LIMIT, limit: LIMIT })
            : count > COUNT_FROM
              ? t("shared.left", { n: LIMIT - count })
              : note}
        </p>
      )}
    </form>
  );
}
