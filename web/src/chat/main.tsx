// The chat page's script. The page works without it; with it, the talk is live and nothing typed is lost.

import { Fragment, render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Composer } from "../shared/composer";
import { useFollow } from "../shared/follow";
import { t } from "../shared/words";
import { Bubble, Choices, Unsent } from "./bubbles";
import { EndDialog, LeaveMessage, Rating } from "./forms";
import { draft, line, marks, otherTypes, phase, say, sender, start, tellSeen, threads, typed } from "./session";
import { adoptEarlyDraft, wireShell } from "./shell";
import { HelpBanner, LineBanner, PhaseBar, Word } from "./status";
import { takeFromFragment } from "./ticket";

/** The notice as the server wrote it, at the top of the talk. */
function Notice({ element }: { element: HTMLElement | null }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (element) place.current?.append(element);
  }, [element]);
  return <div ref={place} />;
}

function Talk({ notice }: { notice: HTMLElement | null }) {
  const all = threads.value;
  const box = sender.box.value;
  const { delivered, read } = marks.value;
  const current = all.at(-1);
  const newest = current?.messages.at(-1);
  const lastOwn = current?.messages.findLast((message) => message.by === "visitor");
  const list = useFollow(`${newest?.seq}/${otherTypes.value?.on}/${phase.value?.phase}`, (lastOwn ? 1 : 0) + box.length);
  useEffect(tellSeen, [newest]);
  const typing = otherTypes.value;
  return (
    <div class="talk" ref={list} tabIndex={0} role="region" aria-label={t("chat.talk_label")}>
      <Notice element={notice} />
      <div role="log" aria-live="polite" aria-label={t("chat.messages_label")}>
        <ol class="messages" data-testid="messages">
        {all.map((thread, index) => (
          <Fragment key={thread.conversation}>
            {index > 0 && (
              <li class="divider">{t("chat.new_talk")}</li>
            )}
            {thread.messages.map((message) => (
              <Bubble
                key={message.seq}
                message={message}
                last={message === lastOwn}
                state={
                  message.by !== "visitor"
                    ? null
                    : thread !== current || message.seq > delivered
                      ? "sent"
                      : message.seq <= read
                        ? "read"
                        : "delivered"
                }
              />
            ))}
          </Fragment>
        ))}
        {box.map((item) => (
          <Unsent key={item.id} item={item} connected={line.value === "on"} />
        ))}
        </ol>
      </div>
      {newest?.choices && newest.choices.length > 0 && box.length === 0 && phase.value?.phase !== "closed" && (
        <Choices choices={newest.choices} choose={say} />
      )}
      <p class="typing" aria-live="off" data-testid="typing">
        {typing && <span>{t(typing.by === "bot" ? "chat.bot_types" : "chat.they_type")}</span>}
      </p>
      {phase.value?.phase === "closed" && <Rating key={phase.value.conversation} />}
    </div>
  );
}

function Chat({ notice }: { notice: HTMLElement | null }) {
  const [open, setOpen] = useState<"end" | "leave" | null>(null);
  const close = (): void => setOpen(null);
  return (
    <>
      <HelpBanner />
      <Talk notice={notice} />
      <LineBanner />
      <Word />
      <PhaseBar onEnd={() => setOpen("end")} onLeaveMessage={() => setOpen("leave")} />
      <Composer
        draft={draft}
        label={t("chat.box_label")}
        placeholder={t("chat.box_placeholder")}
        send={say}
        typed={typed}
      />
      {open === "end" && <EndDialog onClose={close} />}
      {open === "leave" && <LeaveMessage onClose={close} />}
    </>
  );
}

takeFromFragment();
wireShell();
const root = document.getElementById("app");
if (root) {
  const notice = document.getElementById("notice");
  const focused = adoptEarlyDraft();
  root.replaceChildren();
  render(<Chat notice={notice} />, root);
  if (focused) document.getElementById("message")?.focus();
}
start();
