// Ending, escalating and the list of keys. What was filled in stays until the server has said yes.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../shared/dialog";
import { isCrisis } from "../shared/levels";
import type { Level } from "../shared/wire";
import { levelWord, roleWord, t } from "../shared/words";
import { close, escalate, seniors, type CloseForm } from "./desk";
import type { Talk } from "./talks";

export const panel = signal<"close" | "escalate" | "keys" | null>(null);

const shut = (): void => {
  panel.value = null;
};

function Form({ submit, label, danger, children }: {
  submit: () => Promise<string>;
  label: string;
  danger?: boolean;
  children: ComponentChildren;
}) {
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (busy) return;
        setBusy(true);
        void submit().then((problem) => {
          setBusy(false);
          setWrong(problem);
          if (!problem) shut();
        });
      }}
    >
      {children}
      {wrong && (
        <p class="warn" role="alert" data-testid="form-problem">
          {wrong}
        </p>
      )}
      <p class="dialog-actions">
        <button type="button" onClick={shut}>
          {t("shared.cancel")}
        </button>
        <button type="submit" class={danger ? "danger" : "primary"} aria-disabled={busy} data-testid="form-submit">
          {label}
        </button>
      </p>
    </form>
  );
}

// What is stored is the code: figures over years must not depend on a translation.
const DISPOSITIONS = [
  ["eased", "disposition.eased"],
  ["referred_on", "disposition.referred_on"],
  ["crisis_team", "disposition.crisis_team"],
  ["visitor_left", "disposition.visitor_left"],
  ["no_reply", "disposition.no_reply"],
  ["not_for_us", "disposition.not_for_us"],
] as const;

// "Rather not say" and no answer are unanswered; neither is ever a "no".
const ANSWERS = [
  ["no", "risk.no"],
  ["thoughts", "risk.thoughts"],
  ["plan_or_intent", "risk.plan_or_intent"],
  ["unanswered", "risk.unanswered"],
] as const;

export function CloseDialog({ talk }: { talk: Talk }) {
  const [disposition, setDisposition] = useState("");
  const [asked, setAsked] = useState("");
  const [answer, setAnswer] = useState("");
  const [note, setNote] = useState("");
  const [agreed, setAgreed] = useState("");
  const crisis = isCrisis(talk.level);
  const submit = (): Promise<string> => {
    const form: CloseForm = {
      disposition,
      risk: asked === "yes" && answer ? { asked: true, answer } : { asked: asked === "yes" },
      ...(note.trim() ? { note } : {}),
      ...(agreed.trim() ? { agreed_by: agreed.trim() } : {}),
    };
    return close(talk.conversation, form);
  };
  return (
    <Dialog title={t("desk.close_title")} testid="close-dialog" onClose={shut}>
      <Form submit={submit} label={t("desk.close_confirm")}>
        <label>
          {t("desk.disposition")}
          <select required value={disposition} data-testid="disposition" onChange={(e) => setDisposition(e.currentTarget.value)}>
            <option value="">{t("desk.choose")}</option>
            {DISPOSITIONS.map(([code, key]) => (
              <option key={code} value={code}>
                {t(key)}
              </option>
            ))}
          </select>
        </label>
        <fieldset class="options">
          <legend>{t("desk.risk_asked")}</legend>
          {[["yes", t("shared.yes")] as const, ["no", t("shared.no")] as const].map(([code, word]) => (
            <label key={code}>
              <input
                type="radio"
                name="asked"
                required
                value={code}
                data-testid={`asked-${code}`}
                checked={asked === code}
                onChange={() => setAsked(code)}
              />
              {word}
            </label>
          ))}
        </fieldset>
        {asked === "yes" && (
          <label>
            {t("desk.risk_answer")}
            <select required value={answer} data-testid="risk-answer" onChange={(e) => setAnswer(e.currentTarget.value)}>
              <option value="">{t("desk.choose")}</option>
              {ANSWERS.map(([code, key]) => (
                <option key={code} value={code}>
                  {t(key)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          {t("desk.close_note")}
          <textarea rows={3} dir="auto" maxLength={4000} value={note} data-testid="close-note" onInput={(e) => setNote(e.currentTarget.value)} />
        </label>
        {crisis && (
          <label>
            {t("desk.agreed_by")}
            {seniors.value.length > 0 ? (
              <select required value={agreed} data-testid="agreed-by" onChange={(e) => setAgreed(e.currentTarget.value)}>
                <option value="">{t("desk.choose")}</option>
                {seniors.value.map((person) => (
                  <option key={person.id} value={person.id}>
                    {person.role ? `${person.name} · ${roleWord(person.role)}` : person.name}
                  </option>
                ))}
              </select>
            ) : (
              <input required value={agreed} data-testid="agreed-by" onInput={(e) => setAgreed(e.currentTarget.value)} />
            )}
            <span class="soft">{t("desk.agreed_why", { level: levelWord(talk.level) })}</span>
          </label>
        )}
      </Form>
    </Dialog>
  );
}

const GRADES: readonly Level[] = ["low", "moderate", "high", "imminent"];

export function EscalateDialog({ talk }: { talk: Talk }) {
  const [level, setLevel] = useState<Level>(isCrisis(talk.level) ? talk.level : "high");
  const [reason, setReason] = useState("");
  return (
    <Dialog title={t("desk.escalate_title")} testid="escalate-dialog" onClose={shut}>
      <Form submit={() => escalate(talk.conversation, level, reason)} label={t("desk.escalate_confirm")} danger>
        <p>{t("desk.escalate_text")}</p>
        <fieldset class="options">
          <legend>{t("desk.escalate_level")}</legend>
          {GRADES.map((grade) => (
            <label key={grade}>
              <input
                type="radio"
                name="level"
                value={grade}
                data-testid={`level-${grade}`}
                checked={level === grade}
                onChange={() => setLevel(grade)}
              />
              <span>
                <strong>{levelWord(grade)}</strong> · <span class="soft">{t(LEVEL_MEANS[grade])}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <label>
          {t("desk.escalate_reason")}
          <textarea required rows={3} dir="auto" maxLength={2000} value={reason} data-testid="reason" onInput={(e) => setReason(e.currentTarget.value)} />
        </label>
      </Form>
    </Dialog>
  );
}

const LEVEL_MEANS: Record<Level, string> = {
  none: "level.none_means",
  low: "level.low_means",
  moderate: "level.moderate_means",
  high: "level.high_means",
  imminent: "level.imminent_means",
};

const KEYS = [
  ["Enter", "keys.send"],
  ["Shift + Enter", "keys.newline"],
  ["Alt + ↑ / ↓", "keys.switch"],
  ["Alt + A", "keys.accept"],
  ["Alt + N", "keys.note"],
  ["Alt + E", "keys.escalate"],
  ["Alt + C", "keys.close"],
  ["Esc", "keys.leave"],
  ["?", "keys.help"],
] as const;

export function KeysDialog() {
  return (
    <Dialog title={t("keys.title")} testid="keys-dialog" onClose={shut}>
      <dl class="keys">
        {KEYS.map(([key, word]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(word)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
