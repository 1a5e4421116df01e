// Every open conversation as a tile, the queue, who is on, and the cases with their clocks. No words of a visitor.

import { boot } from "../shared/boot";
import { LevelBadge } from "../shared/level";
import { rank } from "../shared/levels";
import { briefly, language, shortId, topicWord } from "../shared/naming";
import { Due } from "../shared/staff";
import { clock, moment } from "../shared/time";
import { now } from "../shared/ticking";
import type { Board, BoardConversation } from "../shared/wire";
import { caseStatusWord, helpWord, phaseWord, roleWord, statusWord, t } from "../shared/words";
import { toldAt, wanted, watch, watched } from "./board";

const since = (): number => Math.max(0, (now.value.getTime() - toldAt.value) / 1000);

function Tile({ row }: { row: BoardConversation }) {
  const reading = watched.value?.conversation === row.conversation;
  return (
    <li class={`tile tile-${row.level}`} data-testid="tile" data-conversation={row.conversation} data-level={row.level} data-phase={row.phase}>
      <p class="row">
        <strong>{shortId(row.conversation)}</strong>
        <LevelBadge level={row.level} />
      </p>
      <p class="soft">
        {[phaseWord(row.phase), language(row.language), t("watch.messages", { n: row.last_seq })].join(" · ")}
      </p>
      <p>
        {row.owner ? <span dir="auto">{row.owner.name}</span> : <span class="soft">{t("watch.no_owner")}</span>}
        {row.phase === "waiting" && row.waited_s !== null && (
          <span class="waited"> · {t("staff.waited", { clock: clock(row.waited_s + since()) })}</span>
        )}
      </p>
      {row.help && row.help !== "none" && <p class={`help-chip help-${row.help}`}>{helpWord(row.help)}</p>}
      <button
        type="button"
        data-testid="watch"
        aria-pressed={reading}
        onClick={() => {
          if (row.phase === "closed") wanted.value = row.conversation;
          else void watch(row.conversation);
        }}
      >
        {reading ? t("watch.reading_now") : t("watch.read")}
      </button>
    </li>
  );
}

export function Tiles({ board }: { board: Board }) {
  const rows = board.conversations.toSorted(
    (a, b) => rank(b.level) - rank(a.level) || a.opened_at.localeCompare(b.opened_at),
  );
  return (
    <section aria-labelledby="open-title">
      <h2 id="open-title">
        {t("watch.open")} <span class="soft">{rows.length}</span>
      </h2>
      {rows.length === 0 && <p class="soft">{t("watch.open_none")}</p>}
      <ul class="tiles">
        {rows.map((row) => (
          <Tile key={row.conversation} row={row} />
        ))}
      </ul>
    </section>
  );
}

export function QueueBoard({ board }: { board: Board }) {
  return (
    <section aria-labelledby="queue-title">
      <h2 id="queue-title">
        {t("desk.queue")} <span class="soft">{board.queue.length}</span>
      </h2>
      {board.queue.length === 0 && <p class="soft">{t("desk.queue_none")}</p>}
      <ol class="rows" data-testid="queue">
        {board.queue.map((row) => (
          <li key={row.conversation} class="queue-row">
            <p class="row">
              <span class="place">{row.position}</span>
              <LevelBadge level={row.level} />
              <span class="soft">{t("staff.waited", { clock: clock(row.waited_s + since()) })}</span>
            </p>
            <p class="soft" dir="auto">
              {[language(row.language), topicWord(row.topic), briefly(row)].filter(Boolean).join(" · ")}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function StaffBoard({ board }: { board: Board }) {
  const on = board.staff.toSorted((a, b) => Number(b.present) - Number(a.present));
  return (
    <section aria-labelledby="staff-title">
      <h2 id="staff-title">{t("watch.staff")}</h2>
      <ul class="rows" data-testid="staff">
        {on.map((person) => (
          <li key={person.id} class={person.present ? "queue-row" : "queue-row absent"}>
            <p class="row">
              <strong dir="auto">{person.name}</strong>
              <span class="soft">{roleWord(person.role)}</span>
            </p>
            <p class="soft">
              {person.present ? statusWord(person.status) : t("watch.absent")} ·{" "}
              {t("watch.load", { owned: person.owned, capacity: person.capacity })}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function CaseBoard({ board }: { board: Board }) {
  return (
    <section aria-labelledby="cases-title">
      <h2 id="cases-title">
        {t("staff.cases")} <span class="soft">{board.cases.length}</span>
      </h2>
      {board.cases.length === 0 && <p class="soft">{t("watch.cases_none")}</p>}
      <ul class="rows" data-testid="cases">
        {board.cases.map((row) => (
          <li key={row.case} class="queue-row">
            <p class="row">
              <LevelBadge level={row.level} />
              <span>{caseStatusWord(row.status)}</span>
              <Due at={row.due_at} />
            </p>
            <p class="row">
              <a href={`/cases/${encodeURIComponent(row.case)}`}>{t("staff.alarm_open")}</a>
              {row.acknowledged_by && <span class="soft">{t("staff.alarm_taken", { name: row.acknowledged_by.name })}</span>}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Service({ board }: { board: Board }) {
  const { desk, bot } = board.service;
  const at = desk.open ? desk.closes_at : desk.opens_at;
  const until = at ? moment(at, boot.lang, now.value) : "";
  const open = desk.open
    ? until
      ? t("watch.desk_open_until", { at: until })
      : t("watch.desk_open")
    : until
      ? t("watch.desk_closed_until", { at: until })
      : t("watch.desk_closed");
  return (
    <p class="service" data-testid="service">
      {open}
      {bot && bot !== "ok" && <strong class="warn"> · {t(bot === "down" ? "watch.bot_down" : "watch.bot_degraded")}</strong>}
    </p>
  );
}
