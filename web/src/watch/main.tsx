// The supervisors' board. Looking at the board reads no words; reading along does, and is on record.

import { render } from "preact";
import { AlarmBar, StaffLine, watchLine } from "../shared/staff";
import { t } from "../shared/words";
import { board, listen, socket, wanted, watched } from "./board";
import { Panel, ReasonDialog } from "./panel";
import { CaseBoard, QueueBoard, Service, StaffBoard, Tiles } from "./tiles";

function Watch() {
  const now = board.value;
  const reading = watched.value;
  return (
    <>
      <h1 class="sr-only">{t("staff.watch")}</h1>
      <AlarmBar />
      <StaffLine />
      {now && <Service board={now} />}
      <div class={reading ? "watch-columns reading" : "watch-columns"}>
        {now ? (
          <div class="column board" data-testid="board">
            <Tiles board={now} />
            <div class="board-lists">
              <QueueBoard board={now} />
              <CaseBoard board={now} />
              <StaffBoard board={now} />
            </div>
          </div>
        ) : (
          <p class="empty soft">{t("watch.loading")}</p>
        )}
        {reading && (
          <div class="column middle">
            <Panel key={reading.conversation} watched={reading} />
          </div>
        )}
      </div>
      {wanted.value && <ReasonDialog conversation={wanted.value} />}
    </>
  );
}

watchLine(socket);
listen();
const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<Watch />, root);
}
socket.connect();
