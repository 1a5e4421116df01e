// The case page: facts, the next steps, the timeline, and the conversation it came from.

import { useState } from "preact/hooks";
import { boot } from "../shared/boot";
import { LevelBadge } from "../shared/level";
import { Due } from "../shared/staff";
import { moment } from "../shared/time";
import { now } from "../shared/ticking";
import { Line } from "../shared/transcript";
import type { CaseWhole } from "../shared/wire";
import { caseStatusWord, helpWord, t } from "../shared/words";
import { byWord, factValue, factWord, outcomeWord, stepWord, subjectWord } from "./naming";
import { room } from "./room";
import { Steps } from "./steps";

function Facts({ whole }: { whole: CaseWhole }) {
  const facts: (readonly [string, string])[] = [
    ["case.subject", subjectWord(whole.subject)],
    ["case.opened", moment(whole.opened_at, boot.lang, now.peek())],
    ["case.taken_by", whole.acknowledged_by?.name ?? t("case.nobody")],
    ["case.visitor_told", whole.help ? helpWord(whole.help) : ""],
    ["case.outcome", whole.outcome ? outcomeWord(whole.outcome) : ""],
  ];
  return (
    <section aria-labelledby="facts-title">
      <h2 id="facts-title" class="row">
        <LevelBadge level={whole.level} testid="level" />
        <span data-testid="case-status" data-status={whole.status}>
          {caseStatusWord(whole.status)}
        </span>
        {whole.status !== "closed" && <Due at={whole.due_at} />}
      </h2>
      {whole.graded && whole.graded !== whole.level && (
        <p class="row">
          {t("case.graded")} <LevelBadge level={whole.graded} />
        </p>
      )}
      <dl class="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div class="fact" key={name}>
              <dt>{t(name)}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
      </dl>
      {whole.conversation && boot.me?.role === "supervisor" && (
        <p>
          <a href={`/watch#${encodeURIComponent(whole.conversation)}`}>{t("case.read_along")}</a>
        </p>
      )}
    </section>
  );
}

function Timeline({ whole }: { whole: CaseWhole }) {
  return (
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title">{t("case.timeline")}</h2>
      <ol class="timeline" data-testid="timeline">
        {whole.timeline.map((entry, index) => (
          <li key={index} data-step={entry.step}>
            <p class="row">
              <strong>{stepWord(entry.step)}</strong>
              <span class="soft">
                {moment(entry.at, boot.lang, now.peek())}
                {entry.by && ` · ${byWord(entry.by.name ?? entry.by.id)}`}
              </span>
            </p>
            <dl class="detail">
              {Object.entries(entry.detail).filter(([name]) => name !== "conversation").map(([name, value]) => (
                <div key={name}>
                  <dt>{factWord(name)}</dt>
                  <dd dir="auto">{factValue(value)}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function CasePage() {
  const whole = room.value;
  const [shown, setShown] = useState(true);
  if (!whole) return <p class="empty soft">{t("cases.loading")}</p>;
  return (
    <div class="case-page" data-testid="case-page" data-case={whole.case}>
      <p class="back">
        <a href="/cases">← {t("cases.all")}</a>
      </p>
      <div class="case-main">
        <Facts whole={whole} />
        <Steps allowed={whole.allowed} />
        <Timeline whole={whole} />
      </div>
      {whole.transcript && (
        <section class="case-talk" aria-labelledby="talk-title">
          <h2 id="talk-title" class="row">
            {t("desk.transcript")}
            <button type="button" class="quiet" aria-expanded={shown} onClick={() => setShown(!shown)}>
              {shown ? t("case.hide") : t("case.show")}
            </button>
          </h2>
          {shown && (
            <ol class="messages" data-testid="messages">
              {whole.transcript.map((message) => (
                <Line key={message.seq} message={message} />
              ))}
            </ol>
          )}
        </section>
      )}
    </div>
  );
}
