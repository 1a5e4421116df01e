// Why something asked for did not happen, in the reader's language: by code, since the codes are the contract.

import type { Refused } from "./wire";
import { t } from "./words";

const WHY: Record<string, string | undefined> = {
  already_taken: "error.already_taken",
  at_capacity: "error.at_capacity",
  closed: "error.closed",
  unknown_conversation: "error.unknown_conversation",
  not_allowed: "error.not_allowed",
  rate_limited: "error.rate_limited",
  too_long: "error.too_long",
  invalid_payload: "error.invalid_payload",
};

/** A sentence for staff. Codes without one (a fault, no answer) say that nothing has changed. */
export function why(error: Pick<Refused, "code">): string {
  return t(WHY[error.code] ?? "staff.failed");
}
