// A transcript as staff read it: what screening marked is marked, its reason one hover or one Tab away.

import { boot } from "./boot";
import { LevelBadge } from "./level";
import { mark } from "./spans";
import { moment } from "./time";
import { now } from "./ticking";
import type { Message } from "./wire";
import { t } from "./words";

function Marked({ message }: { message: Message }) {
  const pieces = mark(message.text, message.assessment?.spans ?? []);
  return (
    <p class="bubble-text" dir="auto">
      {pieces.map((piece, index) =>
        piece.reasons.length === 0 ? (
          piece.text
        ) : (
          <mark key={index} class="span" tabIndex={0} data-testid="span">
            {piece.text}
            <span class="reason" role="note">
              {piece.reasons.join(" · ")}
            </span>
          </mark>
        ),
      )}
    </p>
  );
}

const WHO: Record<Message["by"], string> = {
  visitor: "staff.visitor",
  bot: "staff.bot",
  counsellor: "role.counsellor",
  system: "shared.brand",
};

export function Line({ message, state }: { message: Message; state?: string }) {
  const { assessment } = message;
  return (
    <li
      class={message.by === "counsellor" ? "bubble by-counsellor mine" : `bubble by-${message.by}`}
      data-testid="message"
      data-by={message.by}
      data-seq={message.seq}
    >
      <div class="bubble-head">
        <span class="bubble-name" dir="auto">
          {message.name || t(WHO[message.by])}
        </span>
        <time dateTime={message.at}>{moment(message.at, boot.lang, now.peek())}</time>
        {assessment && assessment.level !== "none" && <LevelBadge level={assessment.level} />}
        {assessment?.about === "other" && <span>{t("staff.about_other")}</span>}
      </div>
      <Marked message={message} />
      {state && (
        <span class="bubble-state" data-testid="state">
          {state}
        </span>
      )}
    </li>
  );
}
