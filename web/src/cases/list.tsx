// The case board: those that still need people first, each with its clock. Kept fresh by the `case` event.

import { signal } from "@preact/signals";
import { boot } from "../shared/boot";
import { call } from "../shared/api";
import { LevelBadge } from "../shared/level";
import { Due, knowCases, trouble } from "../shared/staff";
import { moment } from "../shared/time";
import { now } from "../shared/ticking";
import type { CaseRow } from "../shared/wire";
import { caseStatusWord, helpWord, t } from "../shared/words";
import { outcomeWord, subjectWord } from "./naming";

export const rows = signal<readonly CaseRow[] | null>(null);

let loading = false;
let again = false;

/** Fetches the list; asked again while it is at it, it fetches once more afterwards. */
export async function refresh(): Promise<void> {
  again = loading;
  if (loading) return;
  loading = true;
  const reply = await call<{ cases: CaseRow[] }>("/api/cases");
  loading = false;
  if (reply.ok) {
    rows.value = reply.body.cases;
    knowCases(reply.body.cases);
    trouble.value = "";
  } else {
    trouble.value = t("cases.not_loaded");
  }
  if (again) void refresh();
}

function Row({ row }: { row: CaseRow }) {
  return (
    <li class={`case-row status-${row.status}`} data-testid="case" data-case={row.case} data-status={row.status}>
      <a class="case-link" href={`/cases/${encodeURIComponent(row.case)}`}>
        <span class="row">
          <LevelBadge level={row.level} />
          <strong>{caseStatusWord(row.status)}</strong>
          {row.status !== "closed" && <Due at={row.due_at} />}
        </span>
        <span class="row soft">
          <span>{subjectWord(row.subject)}</span>
          <span>· {moment(row.opened_at, boot.lang, now.peek())}</span>
          {row.acknowledged_by && <span>· {t("staff.alarm_taken", { name: row.acknowledged_by.name })}</span>}
          {row.help && row.help !== "none" && row.status !== "closed" && <span>· {helpWord(row.help)}</span>}
          {row.outcome && <span>· {outcomeWord(row.outcome)}</span>}
        </span>
      </a>
    </li>
  );
}

export function CaseList() {
  const all = rows.value;
  if (!all) return <p class="empty soft">{t("cases.loading")}</p>;
  const open = all.filter((row) => row.status !== "closed");
  const closed = all.filter((row) => row.status === "closed");
  return (
    <div class="case-list">
      <section aria-labelledby="open-title">
        <h2 id="open-title">
          {t("cases.open")} <span class="soft">{open.length}</span>
        </h2>
        {open.length === 0 && <p class="soft">{t("cases.open_none")}</p>}
        <ul class="rows" data-testid="open-cases">
          {open.map((row) => (
            <Row key={row.case} row={row} />
          ))}
        </ul>
      </section>
      {closed.length > 0 && (
        <section aria-labelledby="closed-title">
          <h2 id="closed-title">{t("cases.closed")}</h2>
          <ul class="rows">
            {closed.map((row) => (
              <Row key={row.case} row={row} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
