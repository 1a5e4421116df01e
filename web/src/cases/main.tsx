// The case board and the case page. The desk's socket says that something changed; the JSON routes say what.

import { render } from "preact";
import { boot } from "../shared/boot";
import { openSocket } from "../shared/socket";
import { AlarmBar, hearCase, knowCases, StaffLine, watchLine } from "../shared/staff";
import type { CaseEvent, CaseRow } from "../shared/wire";
import { t } from "../shared/words";
import { CaseList, refresh } from "./list";
import { CasePage } from "./page";
import { refreshRoom } from "./room";

const fresh = boot.case_id ? refreshRoom : refresh;

function Cases() {
  return (
    <>
      <h1 class="sr-only">{t(boot.case_id ? "staff.case" : "staff.cases")}</h1>
      <AlarmBar />
      <StaffLine />
      {boot.case_id ? <CasePage /> : <CaseList />}
    </>
  );
}

const socket = openSocket("/desk");
watchLine(socket);
socket.on("roster", (roster: { cases?: CaseRow[] }) => {
  if (roster.cases) knowCases(roster.cases);
  void fresh();
});
socket.on("case", (event: CaseEvent) => {
  hearCase(event);
  if (!boot.case_id || event.case === boot.case_id) void fresh();
});
const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<Cases />, root);
}
void fresh();
socket.connect();
