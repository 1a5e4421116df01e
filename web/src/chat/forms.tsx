// The three small forms of the chat: leaving a message for later, ending, and how it was.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { boot } from "../shared/boot";
import { LIMIT } from "../shared/composer";
import { Dialog } from "../shared/dialog";
import { length } from "../shared/spans";
import { moment } from "../shared/time";
import { t } from "../shared/words";
import { draft, forgetHere, leaveMessage, phase, rate, turn } from "./session";

export function LeaveMessage({ onClose }: { onClose: () => void }) {
  const [contact, setContact] = useState("");
  const text = draft.value;
  const opens = phase.value?.desk.opens_at ?? null;
  const over = length(text) - LIMIT;
  return (
    <Dialog title={t("chat.leave_title")} testid="leave-dialog" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!text.trim() || over > 0) return;
          draft.value = "";
          leaveMessage(text, contact.trim());
          onClose();
        }}
      >
        <p>{opens ? t("chat.leave_when", { at: moment(opens, boot.lang, new Date()) }) : t("chat.leave_soon")}</p>
        <label>
          {t("chat.leave_text")}
          <textarea
            rows={5}
            dir="auto"
            data-testid="leave-text"
            value={text}
            onInput={(event) => (draft.value = event.currentTarget.value)}
          />
        </label>
        {over > 0 && <p class="warn">{t("shared.too_long", { over, limit: LIMIT })}</p>}
        <label>
          {t("chat.leave_contact")}
          <input
            dir="auto"
            data-testid="leave-contact"
            maxLength={200}
            value={contact}
            onInput={(event) => setContact(event.currentTarget.value)}
          />
        </label>
        <p class="dialog-actions">
          <button type="button" onClick={onClose}>
            {t("shared.not_now")}
          </button>
          <button type="submit" class="primary" data-testid="leave-send">
            {t("chat.leave_send")}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

export function EndDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t("chat.end_title")} testid="end-dialog" onClose={onClose}>
      <p>{t("chat.end_text")}</p>
      <p class="dialog-actions">
        <button
          type="button"
          data-testid="end-confirm"
          onClick={() => {
            onClose();
            void turn("end");
          }}
        >
          {t("chat.end_confirm")}
        </button>
        <button type="button" class="primary" data-testid="end-stay" onClick={onClose}>
          {t("chat.end_stay")}
        </button>
      </p>
    </Dialog>
  );
}

const MOODS = ["chat.mood_1", "chat.mood_2", "chat.mood_3", "chat.mood_4", "chat.mood_5"];
const SCORES = ["chat.score_1", "chat.score_2", "chat.score_3", "chat.score_4", "chat.score_5"];

function Scale({ name, legend, labels, chosen, choose }: {
  name: string;
  legend: string;
  labels: readonly string[];
  chosen: number;
  choose: (value: number) => void;
}) {
  return (
    <fieldset class="scale" data-testid={`rate-${name}`}>
      <legend>{legend}</legend>
      {labels.map((label, index) => (
        <label key={label}>
          <input
            type="radio"
            name={name}
            value={index + 1}
            checked={chosen === index + 1}
            onChange={() => choose(index + 1)}
          />
          <span>{t(label)}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** The conversation that has been rated: one thank-you, not a second form. */
const rated = signal("");

export function Rating() {
  const [mood, setMood] = useState(0);
  const [score, setScore] = useState(0);
  const [comment, setComment] = useState("");
  const conversation = phase.value?.conversation ?? "";
  const forget = (
    <button type="button" class="quiet" data-testid="forget" onClick={forgetHere}>
      {t("chat.forget")}
    </button>
  );
  if (rated.value === conversation) {
    return (
      <div class="rating" data-testid="rated">
        <p role="status">{t("chat.rate_thanks")}</p>
        {forget}
      </div>
    );
  }
  return (
    <form
      class="rating"
      data-testid="rating"
      onSubmit={(event) => {
        event.preventDefault();
        if (!mood && !score && !comment.trim()) return;
        void rate({
          ...(mood ? { mood } : {}),
          ...(score ? { score } : {}),
          ...(comment.trim() ? { comment } : {}),
        }).then((done) => {
          if (done) rated.value = conversation;
        });
      }}
    >
      <h2>{t("chat.rate_title")}</h2>
      <Scale name="mood" legend={t("chat.rate_mood")} labels={MOODS} chosen={mood} choose={setMood} />
      <Scale name="score" legend={t("chat.rate_score")} labels={SCORES} chosen={score} choose={setScore} />
      <label>
        {t("chat.rate_comment")}
        <textarea
          rows={2}
          dir="auto"
          maxLength={LIMIT}
          data-testid="rate-comment"
          value={comment}
          onInput={(event) => setComment(event.currentTarget.value)}
        />
      </label>
      <p class="dialog-actions">
        {forget}
        <button type="submit" data-testid="rate-send">
          {t("chat.rate_send")}
        </button>
      </p>
    </form>
  );
}
