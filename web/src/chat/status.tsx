// Where the talk stands, in true words: the state of help, the connection, and who is there.

import { boot } from "../shared/boot";
import { minutes, moment } from "../shared/time";
import type { Help, Phase, Role } from "../shared/wire";
import { t } from "../shared/words";
import { help, line, phase, turn, word } from "./session";
import { openHotlines } from "./shell";

const HELP: Record<Help, string> = {
  none: "",
  alarmed: "chat.help_alarmed",
  acknowledged: "chat.help_acknowledged",
  unanswered: "chat.help_unanswered",
};

const ROLE: Record<Role, string> = {
  counsellor: "chat.role_counsellor",
  clinician: "chat.role_clinician",
  responder: "chat.role_responder",
  supervisor: "chat.role_supervisor",
  administrator: "chat.role_counsellor",
};

export function HelpBanner() {
  const state = help.value;
  return (
    <div aria-live="assertive" class="help-region">
      {state !== "none" && (
        <div class={`help help-${state}`} data-testid="help" data-help={state}>
          <p>{t(HELP[state])}</p>
          <button type="button" onClick={openHotlines}>
            {t("chat.hotlines")}
          </button>
        </div>
      )}
    </div>
  );
}

export function LineBanner() {
  return (
    <div role="status">
      {line.value === "off" && (
        <p class="line-off" data-testid="offline">
          {t("chat.offline")}
        </p>
      )}
    </div>
  );
}

export function Word() {
  return (
    <div role="status">
      {word.value && (
        <p class="word" data-testid="word">
          <span dir="auto">{word.value}</span>
          <button type="button" class="quiet" aria-label={t("shared.close")} onClick={() => (word.value = "")}>
            ×
          </button>
        </p>
      )}
    </div>
  );
}

const upcoming = (iso: string | null): iso is string => iso !== null && new Date(iso) > new Date();

function sentence(now: Phase): string {
  if (now.phase === "waiting") {
    // `position` counts from 1: the next to be served.
    const place =
      !now.position ? t("chat.waiting") : now.position === 1 ? t("chat.waiting_next") : t("chat.waiting_place", { n: now.position });
    if (!now.wait_s) return place;
    // Chinese sentences follow one another without a space.
    return [place, t("chat.waiting_time", { n: minutes(now.wait_s) })].join(boot.lang === "zh" ? "" : " ");
  }
  if (now.phase === "live") {
    const who = now.counsellor;
    return who ? t("chat.live", { name: who.name, role: t(ROLE[who.role]) }) : t("chat.live_unnamed");
  }
  if (now.phase === "closed") return t("chat.closed");
  if (!now.desk.open && upcoming(now.desk.opens_at)) {
    return t("chat.bot_closed_desk", { at: moment(now.desk.opens_at, boot.lang, new Date()) });
  }
  return t("chat.bot_phase");
}

interface Actions {
  onEnd: () => void;
  onLeaveMessage: () => void;
}

export function PhaseBar({ onEnd, onLeaveMessage }: Actions) {
  const now = phase.value;
  const name = now?.phase ?? "bot";
  return (
    <section class={`phase phase-${name}`} aria-label={t("chat.phase_label")} data-testid="phase" data-phase={now?.phase ?? ""}>
      <p role="status" data-testid="phase-text">
        {now ? sentence(now) : t("chat.connecting")}
      </p>
      <div class="phase-actions">
        {name === "bot" && (
          <button type="button" data-testid="ask-human" onClick={() => void turn("ask_human")}>
            {t("chat.ask_human")}
          </button>
        )}
        {now && name !== "live" && !now.desk.open && (
          <button type="button" data-testid="leave-message" onClick={onLeaveMessage}>
            {t("chat.leave_button")}
          </button>
        )}
        {name === "waiting" && (
          <button type="button" data-testid="leave-queue" onClick={() => void turn("leave_queue")}>
            {t("chat.leave_queue")}
          </button>
        )}
        {now && name !== "closed" && (
          <button type="button" class="quiet" data-testid="end" onClick={onEnd}>
            {t("chat.end")}
          </button>
        )}
      </div>
    </section>
  );
}
