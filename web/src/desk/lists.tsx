// The left column: what is offered, my conversations, who waits.

import { LevelBadge } from "../shared/level";
import { clock, until } from "../shared/time";
import { now } from "../shared/ticking";
import { phaseWord, statusWord, t } from "../shared/words";
import type { Status } from "../shared/wire";
import { accept, capacity, decline, offers, queue, setStatus, status } from "./desk";
import { briefly, language, shortId, topicWord } from "../shared/naming";
import { draftOf, listed, select, selected, type Talk } from "./talks";

const STATUSES: readonly Status[] = ["available", "busy", "away"];

export function StatusSwitch() {
  return (
    <fieldset class="status" data-testid="status" data-status={status.value}>
      <legend class="sr-only">{t("desk.status")}</legend>
      {STATUSES.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="status"
            value={one}
            checked={status.value === one}
            onChange={() => void setStatus(one)}
          />
          <span>{statusWord(one)}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Offers() {
  return (
    <div role="alert">
      {offers.value.map((offer) => {
        const left = Math.max(0, until(offer.expires_at, now.value));
        if (left === 0) return null;
        return (
          <div class="offer" key={offer.conversation} data-testid="offer" data-conversation={offer.conversation}>
            <p>
              <strong>{t("desk.offer")}</strong> <LevelBadge level={offer.level} />
            </p>
            <p dir="auto">{briefly(offer)}</p>
            <p class="row">
              <button type="button" class="primary" data-testid="offer-accept" onClick={() => void accept(offer.conversation)}>
                {t("desk.accept")}
              </button>
              <button type="button" data-testid="offer-decline" onClick={() => void decline(offer.conversation)}>
                {t("desk.decline")}
              </button>
              <span class="soft" aria-hidden="true">
                {t("desk.offer_left", { n: left })}
              </span>
            </p>
          </div>
        );
      })}
    </div>
  );
}

function Mine({ talk }: { talk: Talk }) {
  const chosen = selected.value === talk.conversation;
  const name = talk.phase?.phase;
  return (
    <li>
      <button
        type="button"
        class="talk-row"
        aria-current={chosen}
        data-testid="conversation"
        data-conversation={talk.conversation}
        onClick={() => select(talk.conversation)}
      >
        <span class="row">
          <strong>{shortId(talk.conversation)}</strong>
          <LevelBadge level={talk.level} />
          {talk.unread > 0 && (
            <span class="unread" data-testid="unread">
              {talk.unread}
              <span class="sr-only"> {t("desk.unread")}</span>
            </span>
          )}
        </span>
        <span class="soft row">
          {language(talk.language)}
          {name && name !== "live" && <span>· {phaseWord(name)}</span>}
          {talk.typing && <span>· {t("desk.typing")}</span>}
          {!chosen && draftOf(talk.conversation).value && <span>· {t("desk.draft")}</span>}
        </span>
      </button>
    </li>
  );
}

export function MyTalks() {
  return (
    <section aria-labelledby="mine-title">
      <h2 id="mine-title">
        {t("desk.mine")} <span class="soft">{t("desk.load", { n: listed.value.length, capacity: capacity.value })}</span>
      </h2>
      {listed.value.length === 0 && <p class="soft">{t("desk.mine_none")}</p>}
      <ul class="rows" data-testid="mine">
        {listed.value.map((talk) => (
          <Mine key={talk.conversation} talk={talk} />
        ))}
      </ul>
    </section>
  );
}

export function Queue() {
  const { waiting, at } = queue.value;
  const since = Math.max(0, (now.value.getTime() - at) / 1000);
  return (
    <section aria-labelledby="queue-title">
      <h2 id="queue-title">
        {t("desk.queue")} <span class="soft">{waiting.length}</span>
      </h2>
      {waiting.length === 0 && <p class="soft">{t("desk.queue_none")}</p>}
      <ol class="rows" data-testid="queue">
        {waiting.map((row) => (
          <li key={row.conversation} class="queue-row" data-testid="waiting" data-conversation={row.conversation}>
            <p class="row">
              <span class="place">{row.position}</span>
              <LevelBadge level={row.level} />
              <span class="soft">{t("staff.waited", { clock: clock(row.waited_s + since) })}</span>
            </p>
            <p class="soft" dir="auto">
              {[language(row.language), topicWord(row.topic), briefly(row)].filter(Boolean).join(" · ")}
            </p>
            <button type="button" data-testid="accept" onClick={() => void accept(row.conversation)}>
              {t("desk.accept")}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
