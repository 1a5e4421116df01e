// A modal on the browser's own <dialog>: focus stays inside, Esc closes, and focus returns to where it was.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { newId } from "./ids";
import { t } from "./words";

interface Props {
  title: string;
  testid: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, testid, onClose, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const heading = useRef(`title-${newId()}`);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      class="dialog"
      aria-labelledby={heading.current}
      data-testid={testid}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={heading.current}>{title}</h2>
        <button type="button" class="quiet" onClick={onClose} aria-label={t("shared.close")}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}
