// The counsellors' console: my conversations and the queue, the conversation, the person.

import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { AlarmBar, StaffLine, unreadCount, watchLine } from "../shared/staff";
import { t } from "../shared/words";
import { Conversation } from "./conversation";
import { listenDesk, offers, queue } from "./desk";
import { CloseDialog, EscalateDialog, KeysDialog, panel } from "./dialogs";
import { listenKeys } from "./keys";
import { MyTalks, Offers, Queue, StatusSwitch } from "./lists";
import { PersonColumn } from "./person";
import { current, listen, selected, socket } from "./talks";

type Column = "lists" | "talk" | "person";

/** On a narrow screen one column shows at a time. */
const column = signal<Column>("lists");

const COLUMNS: readonly (readonly [Column, string])[] = [
  ["lists", "desk.column_lists"],
  ["talk", "desk.column_talk"],
  ["person", "desk.column_person"],
];

function Columns() {
  const waiting = unreadCount.value + offers.value.length + queue.value.waiting.length;
  return (
    <div class="columns-switch" role="group" aria-label={t("desk.columns")}>
      {COLUMNS.map(([name, key]) => (
        <button key={name} type="button" aria-pressed={column.value === name} onClick={() => (column.value = name)}>
          {t(key)}
          {name === "lists" && waiting > 0 && <span class="unread">{waiting}</span>}
        </button>
      ))}
    </div>
  );
}

/** Asked for by the person, never by the page: browsers refuse a question nobody prompted. */
const asks = signal(typeof Notification !== "undefined" && Notification.permission === "default");

function Tools() {
  return (
    <div class="tools">
      <StatusSwitch />
      {asks.value && (
        <button
          type="button"
          class="quiet"
          onClick={() => void Notification.requestPermission().then(() => (asks.value = false))}
        >
          {t("desk.notify")}
        </button>
      )}
      <button type="button" class="quiet" data-testid="keys" onClick={() => (panel.value = "keys")}>
        {t("keys.title")} <kbd>?</kbd>
      </button>
    </div>
  );
}

function Desk() {
  const talk = current.value;
  useEffect(() => {
    if (selected.value) column.value = "talk";
  }, [selected.value]);
  return (
    <>
      <h1 class="sr-only">{t("staff.desk")}</h1>
      <AlarmBar />
      <StaffLine />
      <Tools />
      <Columns />
      <div class="desk-columns" data-column={column.value}>
        <aside class="column lists" aria-label={t("desk.column_lists")}>
          <Offers />
          <MyTalks />
          <Queue />
        </aside>
        <div class="column middle">
          {talk ? <Conversation key={talk.conversation} talk={talk} /> : <p class="empty">{t("desk.nothing_open")}</p>}
        </div>
        <aside class="column right" aria-label={t("desk.person")}>
          {talk ? <PersonColumn talk={talk} /> : <p class="empty soft">{t("desk.no_person")}</p>}
        </aside>
      </div>
      {panel.value === "close" && talk && <CloseDialog talk={talk} />}
      {panel.value === "escalate" && talk && <EscalateDialog talk={talk} />}
      {panel.value === "keys" && <KeysDialog />}
    </>
  );
}

watchLine(socket);
listen();
listenDesk();
listenKeys();
const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<Desk />, root);
}
socket.connect();
