// What every staff page shows besides its own: the state of the connection, and crisis alarms until taken.

import { computed, effect, signal } from "@preact/signals";
import type { Socket } from "socket.io-client";
import { call } from "./api";
import { rank } from "./levels";
import { LevelBadge } from "./level";
import { why } from "./refusals";
import { now } from "./ticking";
import { clock, until } from "./time";
import type { CaseEvent, CaseRow } from "./wire";
import { t } from "./words";

export const connected = signal(false);
/** The session has ended: nothing on this page works until somebody signs in again. */
export const signedOut = signal(false);
/** One sentence about something that was asked for and did not happen. */
export const trouble = signal("");
/** How many things wait to be read on this page; shown in its title. */
export const unreadCount = signal(0);

type Alarm = Pick<CaseEvent, "case" | "level" | "due_at"> & { round: number };

const ringing = signal<readonly Alarm[]>([]);
const alarms = computed(() => ringing.value.toSorted((a, b) => rank(b.level) - rank(a.level)));

export function watchLine(socket: Socket): void {
  socket.on("connect", () => {
    connected.value = true;
    signedOut.value = false;
  });
  socket.on("disconnect", (reason) => {
    connected.value = false;
    // The server closed it on purpose: a sign-out elsewhere, or a restart. Asking once tells which.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1_000);
  });
  socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
    connected.value = false;
    if (socket.active) return;
    if (error.data?.code === "not_allowed") signedOut.value = true;
    else setTimeout(() => socket.connect(), 3_000);
  });
}

export function hearCase(event: CaseEvent): void {
  const others = ringing.value.filter((alarm) => alarm.case !== event.case);
  // One that somebody has taken rings again when it got worse, or when what is due did not come.
  if (event.status === "closed" || (event.status !== "open" && !event.alarm?.ring)) {
    ringing.value = others;
    return;
  }
  const round = event.alarm?.round ?? 1;
  ringing.value = [...others, { case: event.case, level: event.level, due_at: event.due_at, round }];
  if (event.alarm?.ring) notify();
}

/** Every open case as the server knows it now: alarms that ended while the line was down end here too. */
export function knowCases(rows: readonly CaseRow[]): void {
  ringing.value = rows
    .filter((row) => row.status === "open")
    .map((row) => ({ case: row.case, level: row.level, due_at: row.due_at, round: 1 }));
}

function notify(): void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted" || document.hasFocus()) return;
  // No words of a visitor and no id: a lock screen is not a private place.
  const note = new Notification(t("staff.alarm"), { tag: "station-alarm", requireInteraction: true });
  note.onclick = () => {
    window.focus();
    note.close();
  };
}

export async function acknowledge(id: string): Promise<void> {
  const reply = await call(`/api/cases/${encodeURIComponent(id)}/acknowledge`, {});
  if (reply.ok || reply.status === 409) ringing.value = ringing.value.filter((alarm) => alarm.case !== id);
  if (!reply.ok && reply.status !== 409) trouble.value = why(reply.error);
}

/** Seconds left or overdue, in words. */
export function Due({ at }: { at: string | null }) {
  if (!at) return null;
  const left = until(at, now.value);
  return (
    <span class={left < 0 ? "due overdue" : "due"}>
      {left < 0 ? t("staff.overdue", { clock: clock(-left) }) : t("staff.due_in", { clock: clock(left) })}
    </span>
  );
}

export function AlarmBar() {
  return (
    <div role="alert" class="alarms">
      {alarms.value.map((alarm) => (
        // The round is in the key: each repetition is drawn, and read out, anew.
        <div key={`${alarm.case}/${alarm.round}`} class="alarm" data-testid="alarm" data-case={alarm.case}>
          <strong>{t("staff.alarm")}</strong>
          <LevelBadge level={alarm.level} />
          <span>{t("staff.alarm_round", { n: alarm.round })}</span>
          <span aria-hidden="true">
            <Due at={alarm.due_at} />
          </span>
          <span class="alarm-actions">
            <button type="button" data-testid="alarm-acknowledge" onClick={() => void acknowledge(alarm.case)}>
              {t("staff.alarm_take")}
            </button>
            <a class="button" href={`/cases/${encodeURIComponent(alarm.case)}`} data-testid="alarm-open">
              {t("staff.alarm_open")}
            </a>
          </span>
        </div>
      ))}
    </div>
  );
}

export function StaffLine() {
  return (
    <div role="status">
      {signedOut.value ? (
        <p class="line-off" data-testid="signed-out">
          {t("staff.signed_out")} <a href="/login">{t("staff.sign_in")}</a>
        </p>
      ) : (
        !connected.value && (
          <p class="line-off" data-testid="offline">
            {t("staff.offline")}
          </p>
        )
      )}
      {trouble.value && (
        <p class="line-off" data-testid="trouble">
          <span dir="auto">{trouble.value}</span>
          <button type="button" class="quiet" aria-label={t("shared.close")} onClick={() => (trouble.value = "")}>
            ×
          </button>
        </p>
      )}
    </div>
  );
}

const title = document.title;

effect(() => {
  const marks = [
    ringing.value.length > 0 ? `⚠ ${t("staff.alarm")}` : "",
    unreadCount.value > 0 ? `(${unreadCount.value})` : "",
  ];
  document.title = [...marks.filter(Boolean), title].join(" ");
});
