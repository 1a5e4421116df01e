// The right column: the person, what is known so far, and what staff noted.

import { useState } from "preact/hooks";
import { boot } from "../shared/boot";
import { LevelBadge } from "../shared/level";
import { rises } from "../shared/levels";
import { briefly, language, topicWord } from "../shared/naming";
import { moment } from "../shared/time";
import { now } from "../shared/ticking";
import { t } from "../shared/words";
import { note } from "./desk";
import type { Talk } from "./talks";

const AGE: Record<string, string | undefined> = {
  under_14: "notice.age_under_14",
  "14_17": "notice.age_14_17",
  "18_24": "notice.age_18_24",
  "25_plus": "notice.age_25_plus",
};

const time = (iso: string): string => moment(iso, boot.lang, now.peek());

function Fact({ name, value }: { name: string; value: string | null | undefined }) {
  if (!value) return null;
  return (
    <div class="fact">
      <dt>{t(name)}</dt>
      <dd dir="auto">{value}</dd>
    </div>
  );
}

function Notes({ talk }: { talk: Talk }) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  return (
    <section aria-labelledby="notes-title">
      <h3 id="notes-title">{t("desk.notes")}</h3>
      <ul class="notes" data-testid="notes">
        {(talk.context?.notes ?? []).map((one) => (
          <li key={`${one.at}${one.text}`}>
            <span class="soft">
              {one.by} · {time(one.at)}
            </span>
            <p dir="auto">{one.text}</p>
          </li>
        ))}
      </ul>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!text.trim()) return;
          void note(talk.conversation, text).then((problem) => {
            setWrong(problem);
            if (!problem) setText("");
          });
        }}
      >
        <label class="sr-only" for="note">
          {t("desk.note_label")}
        </label>
        <textarea
          id="note"
          rows={2}
          dir="auto"
          maxLength={4000}
          placeholder={t("desk.note_label")}
          data-testid="note"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        {wrong && (
          <p class="warn" role="alert">
            {wrong}
          </p>
        )}
        <button type="submit" data-testid="note-save">
          {t("desk.note_save")}
        </button>
      </form>
    </section>
  );
}

export function PersonColumn({ talk }: { talk: Talk }) {
  const about = talk.context ?? {};
  const risen = rises(talk.thread.messages);
  const band = about.consent?.age_band ?? "";
  const age = AGE[band];
  return (
    <section class="person" aria-labelledby="person-title" data-testid="person">
      <h2 id="person-title">{t("desk.person")}</h2>
      <p dir="auto" data-testid="summary">
        {briefly(about)}
      </p>
      <dl class="facts">
        <Fact name="desk.topic" value={topicWord(about.topic)} />
        <Fact name="desk.language" value={language(about.language)} />
        <Fact name="desk.opened" value={about.opened_at ? time(about.opened_at) : ""} />
        <Fact name="desk.visits" value={about.visits ? String(about.visits) : ""} />
        <Fact name="desk.age" value={age ? t(age) : band} />
        <Fact
          name="desk.consent"
          value={about.consent ? t(about.consent.agreed ? "desk.consent_yes" : "desk.consent_no") : t("desk.consent_none")}
        />
      </dl>
      {about.case && (
        <p>
          <strong>{t("desk.case_open")}</strong>{" "}
          {boot.me && ["responder", "supervisor"].includes(boot.me.role) && (
            <a href={`/cases/${encodeURIComponent(about.case)}`}>{t("staff.alarm_open")}</a>
          )}
        </p>
      )}
      {(about.left_messages ?? []).length > 0 && (
        <section aria-labelledby="left-title">
          <h3 id="left-title">{t("desk.left_messages")}</h3>
          <ul class="notes">
            {(about.left_messages ?? []).map((left) => (
              <li key={left.at}>
                <span class="row">
                  <span class="soft">{time(left.at)}</span>
                  <LevelBadge level={left.level} />
                </span>
                <p dir="auto">{left.text}</p>
                {left.contact && <p dir="auto">{left.contact}</p>}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="risk-title">
        <h3 id="risk-title">{t("desk.risk")}</h3>
        {risen.length === 0 && <p class="soft">{t("desk.risk_none")}</p>}
        <ol class="rises" data-testid="rises">
          {risen.map((rise) => (
            <li key={rise.seq} class="row">
              <span class="soft">{time(rise.at)}</span>
              <LevelBadge level={rise.level} />
              <span class="soft">{t("desk.at_message", { n: rise.seq })}</span>
            </li>
          ))}
        </ol>
      </section>
      <Notes key={talk.conversation} talk={talk} />
    </section>
  );
}
