// The middle column: one conversation, what was said in it, and the box to answer in.

import { Composer } from "../shared/composer";
import { useFollow } from "../shared/follow";
import { LevelBadge } from "../shared/level";
import type { Item } from "../shared/outbox";
import { connected } from "../shared/staff";
import { Line } from "../shared/transcript";
import type { Message } from "../shared/wire";
import { helpWord, phaseWord, t } from "../shared/words";
import { panel } from "./dialogs";
import { language, shortId } from "../shared/naming";
import { draftOf, dropTalk, say, senderOf, typingIn, type Talk } from "./talks";

function stateOf(message: Message, talk: Talk, last: Message | undefined): string | undefined {
  if (message !== last) return undefined;
  if (message.seq <= talk.read) return t("desk.read");
  return message.seq <= talk.delivered ? t("desk.delivered") : t("desk.sent");
}

function Unsent({ talk, item }: { talk: Talk; item: Item }) {
  const sender = senderOf(talk.conversation);
  const live = talk.phase?.phase === "live";
  const takeBack = (): void => {
    const draft = draftOf(talk.conversation);
    sender.remove(item.id);
    draft.value = draft.value ? `${item.text}\n${draft.value}` : item.text;
  };
  return (
    <li class="bubble by-counsellor mine unsent" data-testid="unsent" data-held={item.held}>
      <p class="bubble-text" dir="auto">
        {item.text}
      </p>
      <div class="bubble-held">
        <span class={item.held || !live ? "bubble-state warn" : "bubble-state"} data-testid="state" data-state="waiting">
          {!live ? t("desk.not_live") : item.held ? t("desk.held") : connected.value ? t("desk.sending") : t("desk.waiting_to_send")}
        </span>
        {item.held && live && (
          <button type="button" class="quiet" onClick={() => sender.retry(item.id)}>
            {t("shared.try_again")}
          </button>
        )}
        {(item.held || !live) && (
          <button type="button" class="quiet" onClick={takeBack}>
            {t("desk.take_back")}
          </button>
        )}
      </div>
    </li>
  );
}

export function Conversation({ talk }: { talk: Talk }) {
  const { conversation, thread, phase } = talk;
  const box = senderOf(conversation).box.value;
  const live = phase?.phase === "live";
  const lastMine = thread.messages.findLast((message) => message.by === "counsellor");
  const list = useFollow(`${thread.messages.length}/${talk.typing}`, 1 + box.length + (lastMine?.seq ?? 0));
  return (
    <section class="conversation" aria-label={t("staff.conversation", { id: shortId(conversation) })} data-testid="open-conversation" data-conversation={conversation}>
      <header class="conversation-head">
        <h2>{shortId(conversation)}</h2>
        <LevelBadge level={talk.level} testid="level" />
        <span class="soft">{language(talk.language)}</span>
        {phase && !live && <span class="soft">{phaseWord(phase.phase)}</span>}
        {phase && phase.help !== "none" && <span class={`help-chip help-${phase.help}`}>{helpWord(phase.help)}</span>}
        <span class="row actions">
          {live ? (
            <>
              <button type="button" data-testid="escalate" onClick={() => (panel.value = "escalate")}>
                {t("desk.escalate")}
              </button>
              <button type="button" data-testid="close" onClick={() => (panel.value = "close")}>
                {t("desk.close")}
              </button>
            </>
          ) : (
            <button type="button" data-testid="put-away" onClick={() => dropTalk(conversation)}>
              {t("desk.put_away")}
            </button>
          )}
        </span>
      </header>
      <div class="talk" ref={list} tabIndex={0} role="region" aria-label={t("desk.transcript")}>
        <div role="log" aria-live="polite">
          <ol class="messages" data-testid="messages">
            {thread.messages.map((message) => {
              const state = stateOf(message, talk, lastMine);
              return <Line key={message.seq} message={message} {...(state ? { state } : {})} />;
            })}
            {box.map((item) => (
              <Unsent key={item.id} talk={talk} item={item} />
            ))}
          </ol>
        </div>
        <p class="typing" data-testid="typing">
          {talk.typing && t("desk.visitor_types")}
        </p>
      </div>
      {live ? (
        <Composer
          key={conversation}
          draft={draftOf(conversation)}
          label={t("desk.box_label")}
          placeholder={t("desk.box_placeholder")}
          send={(text) => say(conversation, text)}
          typed={() => typingIn(conversation).typed()}
        />
      ) : (
        <p class="soft not-live">{phase ? t("desk.over") : t("desk.loading")}</p>
      )}
    </section>
  );
}
