// Reading along, unseen: the transcript as it grows. There is nothing here to write with.

import { useState } from "preact/hooks";
import { Dialog } from "../shared/dialog";
import { useFollow } from "../shared/follow";
import { shortId } from "../shared/naming";
import { Line } from "../shared/transcript";
import { phaseWord, t } from "../shared/words";
import { unwatch, wanted, watch, type Watched } from "./board";

export function Panel({ watched }: { watched: Watched }) {
  const { thread, phase, typing } = watched;
  const list = useFollow(`${thread.messages.length}/${typing}`, 1);
  return (
    <section class="conversation" aria-labelledby="watched-title" data-testid="watched" data-conversation={watched.conversation}>
      <header class="conversation-head">
        <h2 id="watched-title">{t("watch.reading", { id: shortId(watched.conversation) })}</h2>
        {phase && <span class="soft">{phaseWord(phase.phase)}</span>}
        <span class="row actions">
          <button type="button" data-testid="unwatch" onClick={() => void unwatch()}>
            {t("watch.stop")}
          </button>
        </span>
      </header>
      <p class="soft">{t("watch.unseen")}</p>
      <div class="talk" ref={list} tabIndex={0} role="region" aria-label={t("desk.transcript")}>
        <ol class="messages" data-testid="messages">
          {thread.messages.map((message) => (
            <Line key={message.seq} message={message} />
          ))}
        </ol>
        <p class="typing">{typing && t("watch.typing")}</p>
      </div>
    </section>
  );
}

export function ReasonDialog({ conversation }: { conversation: string }) {
  const [reason, setReason] = useState("");
  const shut = (): void => {
    wanted.value = null;
  };
  return (
    <Dialog title={t("watch.reason_title")} testid="reason-dialog" onClose={shut}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!reason.trim()) return;
          shut();
          void watch(conversation, reason.trim());
        }}
      >
        <label>
          {t("watch.reason")}
          <textarea required rows={2} maxLength={500} dir="auto" value={reason} data-testid="reason" onInput={(e) => setReason(e.currentTarget.value)} />
        </label>
        <p class="dialog-actions">
          <button type="button" onClick={shut}>
            {t("shared.cancel")}
          </button>
          <button type="submit" class="primary" data-testid="form-submit">
            {t("watch.read")}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
