// The messages as people see them: theirs, one's own, and what has not left yet.

import type { Item } from "../shared/outbox";
import { moment } from "../shared/time";
import type { Choice, Message } from "../shared/wire";
import { boot } from "../shared/boot";
import { t } from "../shared/words";
import { edit, sender } from "./session";
import { openHotlines } from "./shell";

const nameOf = (message: Message): string =>
  message.name || (message.by === "bot" ? t("chat.bot") : message.by === "system" ? t("shared.brand") : "");

type Mark = "sent" | "delivered" | "read";

const MARK: Record<Mark, string> = { sent: "chat.sent", delivered: "chat.delivered", read: "chat.read" };

export function Bubble({ message, state, last }: { message: Message; state: Mark | null; last: boolean }) {
  const own = message.by === "visitor";
  return (
    <li class={`bubble by-${message.by}`} data-testid="message" data-by={message.by} data-seq={message.seq}>
      <div class="bubble-head">
        <span class={own ? "sr-only" : "bubble-name"}>{own ? t("chat.you") : nameOf(message)}</span>
        <time dateTime={message.at}>{moment(message.at, boot.lang, new Date())}</time>
      </div>
      <p class="bubble-text" dir="auto">
        {message.text}
      </p>
      {message.card?.kind === "hotlines" && (
        <button type="button" class="card-action" data-testid="card-hotline" onClick={openHotlines}>
          {t("chat.card_hotlines")}
        </button>
      )}
      {own && state && (
        <span class={last ? "bubble-state" : "sr-only"} data-testid="state" data-state={state}>
          {t(MARK[state])}
        </span>
      )}
    </li>
  );
}

const waitingWord = (item: Item, connected: boolean): string => {
  if (!connected) return t("chat.waiting_to_send");
  if (item.refusal === "rate_limited") return t("chat.slowed");
  if (item.refusal) return t("chat.trying_again");
  return t("chat.sending");
};

const HELD: Record<string, string> = { too_long: "chat.held_too_long" };

export function Unsent({ item, connected }: { item: Item; connected: boolean }) {
  return (
    <li class="bubble by-visitor unsent" data-testid="unsent" data-held={item.held}>
      <div class="bubble-head">
        <span class="sr-only">{t("chat.you")}</span>
        {item.kind === "leave" && <span class="bubble-name">{t("chat.leave_title")}</span>}
      </div>
      <p class="bubble-text" dir="auto">
        {item.text}
      </p>
      {item.held ? (
        <div class="bubble-held">
          <span class="bubble-state warn">{t(HELD[item.refusal ?? ""] ?? "chat.held")}</span>
          <button type="button" class="quiet" onClick={() => sender.retry(item.id)}>
            {t("shared.try_again")}
          </button>
          <button type="button" class="quiet" onClick={() => edit(item)}>
            {t("chat.edit")}
          </button>
        </div>
      ) : (
        <span class="bubble-state" data-testid="state" data-state="waiting">
          {waitingWord(item, connected)}
        </span>
      )}
    </li>
  );
}

export function Choices({ choices, choose }: { choices: readonly Choice[]; choose: (value: string) => void }) {
  return (
    <div class="choices" role="group" aria-label={t("chat.choices")} data-testid="choices">
      {choices.map((choice) => (
        <button type="button" key={choice.value} dir="auto" onClick={() => choose(choice.value)}>
          {choice.label}
        </button>
      ))}
    </div>
  );
}
