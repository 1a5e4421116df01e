// The legal next steps as big buttons, and their forms.

import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { LEVELS } from "../shared/levels";
import type { Level } from "../shared/wire";
import { levelWord, t } from "../shared/words";
import { OUTCOMES, stepWord } from "./naming";
import { draftOf, instead, keepDraft, take } from "./room";

function StepForm({ step, form, label, children }: {
  step: string;
  form: () => object;
  label: string;
  children: ComponentChildren;
}) {
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <form
      class="stack step-form"
      data-testid={`form-${step}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (busy) return;
        setBusy(true);
        void take(step, form()).then((problem) => {
          setBusy(false);
          setWrong(problem);
        });
      }}
    >
      {children}
      {wrong && (
        <p class="warn" role="alert" data-testid="form-problem">
          {wrong}
        </p>
      )}
      <button type="submit" class="primary" aria-disabled={busy} data-testid={`submit-${step}`}>
        {label}
      </button>
    </form>
  );
}

type Known = "yes" | "no" | "";
const ANSWER: Record<Known, boolean | null> = { yes: true, no: false, "": null };

function Ask({ name, legend, value, choose }: { name: string; legend: string; value: Known; choose: (value: Known) => void }) {
  const options: readonly (readonly [Known, string])[] = [
    ["yes", t("shared.yes")],
    ["no", t("shared.no")],
    ["", t("case.unknown")],
  ];
  return (
    <fieldset class="row">
      <legend>{legend}</legend>
      {options.map(([code, word]) => (
        <label key={code} class="row">
          <input
            type="radio"
            name={name}
            value={code}
            data-testid={`${name}-${code || "unknown"}`}
            checked={value === code}
            onChange={() => choose(code)}
          />
          {word}
        </label>
      ))}
    </fieldset>
  );
}

interface Assessed {
  grade: Level | "";
  begun: Known;
  means: Known;
  alone: Known;
  false_alarm: boolean;
  reason: string;
}

function Assess() {
  const blank: Assessed = { grade: "", begun: "", means: "", alone: "", false_alarm: false, reason: "" };
  const [form, setForm] = useState(() => draftOf("assess", blank));
  const set = (change: Partial<Assessed>): void => {
    const next = { ...form, ...change };
    setForm(next);
    keepDraft("assess", next);
  };
  const payload = (): object => ({
    ...(form.grade ? { grade: form.grade } : {}),
    begun: ANSWER[form.begun],
    means: ANSWER[form.means],
    alone: ANSWER[form.alone],
    ...(form.false_alarm ? { false_alarm: true } : {}),
    ...(form.reason.trim() ? { reason: form.reason } : {}),
  });
  return (
    <StepForm step="assess" form={payload} label={form.false_alarm ? t("case.assess_false_alarm") : t("case.assess_save")}>
      <fieldset class="grades">
        <legend>{t("case.grade")}</legend>
        {LEVELS.map((level) => (
          <label key={level} class="row">
            <input
              type="radio"
              name="grade"
              value={level}
              required={!form.false_alarm}
              data-testid={`grade-${level}`}
              checked={form.grade === level}
              onChange={() => set({ grade: level })}
            />
            <span>
              <strong>{levelWord(level)}</strong> <span class="soft">{t(MEANS[level])}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Ask name="begun" legend={t("case.begun")} value={form.begun} choose={(begun) => set({ begun })} />
      <Ask name="means" legend={t("case.means")} value={form.means} choose={(means) => set({ means })} />
      <Ask name="alone" legend={t("case.alone")} value={form.alone} choose={(alone) => set({ alone })} />
      <label class="row">
        <input type="checkbox" checked={form.false_alarm} data-testid="false-alarm" onChange={(e) => set({ false_alarm: e.currentTarget.checked })} />
        {t("case.false_alarm")}
      </label>
      <label class="stack">
        {form.false_alarm ? t("case.reason_needed") : t("case.reason")}
        <textarea rows={3} dir="auto" maxLength={4000} required={form.false_alarm} value={form.reason} data-testid="assess-reason" onInput={(e) => set({ reason: e.currentTarget.value })} />
      </label>
    </StepForm>
  );
}

const MEANS: Record<Level, string> = {
  none: "level.none_means",
  low: "level.low_means",
  moderate: "level.moderate_means",
  high: "level.high_means",
  imminent: "level.imminent_means",
};

/** Outcomes that services, family or the person can confirm; the others are a judgement and need its reason. */
const CONFIRMABLE = new Set(["safe_by_agreement", "rescued", "taken_to_hospital", "died"]);

function Close() {
  const [form, setForm] = useState(() => draftOf("close", { outcome: "", confirmed: false, reason: "" }));
  const set = (change: Partial<typeof form>): void => {
    const next = { ...form, ...change };
    setForm(next);
    keepDraft("close", next);
  };
  const confirmable = CONFIRMABLE.has(form.outcome);
  const confirmed = confirmable && form.confirmed;
  const payload = (): object => ({
    outcome: form.outcome,
    ...(confirmed ? { confirmed: true } : {}),
    ...(form.reason.trim() ? { reason: form.reason } : {}),
  });
  return (
    <StepForm step="close" form={payload} label={t("case.close_save")}>
      <label class="stack">
        {t("case.outcome")}
        <select required value={form.outcome} data-testid="outcome" onChange={(e) => set({ outcome: e.currentTarget.value })}>
          <option value="">{t("desk.choose")}</option>
          {OUTCOMES.map(([code, key]) => (
            <option key={code} value={code}>
              {t(key)}
            </option>
          ))}
        </select>
      </label>
      {confirmable && (
        <label class="row">
          <input type="checkbox" checked={form.confirmed} data-testid="confirmed" onChange={(e) => set({ confirmed: e.currentTarget.checked })} />
          {t("case.confirmed")}
        </label>
      )}
      <label class="stack">
        {confirmed ? t("case.reason") : t("case.reason_needed")}
        <textarea rows={3} dir="auto" maxLength={4000} required={!confirmed} value={form.reason} data-testid="close-reason" onInput={(e) => set({ reason: e.currentTarget.value })} />
      </label>
    </StepForm>
  );
}

function Acknowledge() {
  const [wrong, setWrong] = useState("");
  return (
    <div class="stack">
      <button type="button" class="danger big" data-testid="step-acknowledge" onClick={() => void take("acknowledge", {}).then(setWrong)}>
        {t("staff.alarm_take")}
      </button>
      {wrong && (
        <p class="warn" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

const FORMS: Record<string, (() => ReturnType<typeof Assess>) | undefined> = { assess: Assess, close: Close };

export function Steps({ allowed }: { allowed: readonly string[] }) {
  const [chosen, setChosen] = useState("");
  const [first] = allowed;
  const shown = allowed.includes(chosen) ? chosen : (first ?? "");
  const Form = FORMS[shown];
  return (
    <section class="steps" aria-labelledby="steps-title" data-testid="steps">
      <h2 id="steps-title">{t("case.next")}</h2>
      {instead.value && (
        <p class="warn" role="alert" data-testid="instead">
          {t("case.out_of_order")}{" "}
          {instead.value.length > 0 && t("case.instead", { steps: instead.value.map(stepWord).join(t("case.list_comma")) })}
        </p>
      )}
      {allowed.length === 0 && <p class="soft">{t("case.no_steps")}</p>}
      {allowed.includes("acknowledge") && <Acknowledge />}
      <div class="row">
        {allowed
          .filter((step) => FORMS[step])
          .map((step) => (
            <button key={step} type="button" class="big" aria-pressed={shown === step} data-testid={`step-${step}`} onClick={() => setChosen(step)}>
              {stepWord(step)}
            </button>
          ))}
      </div>
      {Form && <Form key={shown} />}
    </section>
  );
}
