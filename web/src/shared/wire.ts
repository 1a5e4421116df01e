// The wire contract as types: what crosses the socket, under the names that the server uses.

export type Level = "none" | "low" | "moderate" | "high" | "imminent";
export type PhaseName = "bot" | "waiting" | "live" | "closed";
export type Help = "none" | "alarmed" | "acknowledged" | "unanswered";
export type By = "visitor" | "bot" | "counsellor" | "system";
export type Role = "counsellor" | "clinician" | "responder" | "supervisor" | "administrator";
export type Status = "available" | "busy" | "away";
export type SeenState = "delivered" | "read";

export interface Span {
  start: number;
  end: number;
  rule: string;
  reason: string;
}

export interface Assessment {
  level: Level;
  score: number;
  about: "self" | "other" | "none";
  categories: string[];
  spans: Span[];
}

export interface Choice {
  label: string;
  value: string;
}

export interface Card {
  kind: string;
  [field: string]: unknown;
}

export interface Message {
  conversation: string;
  seq: number;
  id: string;
  by: By;
  name: string;
  text: string;
  at: string;
  choices?: Choice[] | null;
  card?: Card | null;
  assessment?: Assessment | null;
}

export interface Phase {
  conversation: string;
  phase: PhaseName;
  position?: number | null;
  wait_s?: number | null;
  counsellor?: { name: string; role: Role } | null;
  help: Help;
  desk: { open: boolean; opens_at: string | null; closes_at: string | null; timezone: string };
}

export interface Hotline {
  name: string;
  number: string;
  hours: string;
  open_now: boolean;
  url?: string | null;
}

export interface Person {
  id: string;
  name: string;
  role?: Role;
}

export interface Welcome {
  conversation: string;
  resume: string;
  resumed: boolean;
  language: string;
  phase: Phase;
  messages: Message[];
  hotlines: Hotline[];
}

export interface Typing {
  conversation: string;
  by: By;
  on: boolean;
}

export interface Seen {
  conversation: string;
  by: By;
  seq: number;
  state: SeenState;
}

export interface Said {
  conversation: string;
  seq: number;
  at: string;
}

export interface Roster {
  me: { id: string; name: string; role: Role };
  status: Status;
  capacity: number;
  conversations: {
    conversation: string;
    level: Level;
    language: string;
    phase: PhaseName;
    unread: number;
  }[];
  /** Who may agree to a close at `high` or above: responders and supervisors. */
  seniors?: Person[];
}

export interface Waiting {
  conversation: string;
  level: Level;
  position: number;
  waited_s: number;
  language: string;
  topic: string | null;
  summary?: string | null;
  messages?: number;
  categories?: string[];
}

export interface Offer {
  conversation: string;
  expires_at: string;
  level: Level;
  summary?: string | null;
  messages?: number;
  categories?: string[];
}

export interface Risk {
  conversation: string;
  level: Level;
  was: Level;
  seq: number;
}

export interface CaseEvent {
  case: string;
  conversation?: string | null;
  level: Level;
  status: string;
  due_at: string | null;
  subject?: string;
  opened_at?: string;
  alarm?: { round: number; ring: boolean };
}

export interface Context {
  language?: string | null;
  topic?: string | null;
  level?: Level;
  opened_at?: string | null;
  visits?: number | null;
  help?: Help;
  notes?: { at: string; by: string; text: string }[];
  case?: string | null;
  consent?: { agreed: boolean; age_band: string | null } | null;
  summary?: string | null;
  messages?: number;
  categories?: string[];
  left_messages?: { at: string; text: string; contact: string | null; level: Level }[];
}

export interface Opened {
  transcript: Message[];
  phase: Phase;
  context: Context;
}

export interface CaseRow {
  case: string;
  conversation: string | null;
  level: Level;
  status: string;
  subject: string;
  opened_at: string;
  due_at: string | null;
  acknowledged_by: Person | null;
  help: Help | null;
  graded?: Level | null;
  outcome?: string | null;
  closed_at?: string | null;
}

export interface CaseWhole extends CaseRow {
  allowed: string[];
  timeline: { at: string; step: string; by: Person | null; detail: Record<string, unknown> }[];
  transcript: Message[] | null;
}

export interface BoardConversation {
  conversation: string;
  level: Level;
  phase: PhaseName;
  language: string;
  waited_s: number | null;
  opened_at: string;
  owner: Person | null;
  help: Help;
  last_seq: number;
}

export interface BoardStaff {
  id: string;
  name: string;
  role: Role;
  status: Status;
  present: boolean;
  capacity: number;
  owned: number;
}

export interface Board {
  conversations: BoardConversation[];
  queue: Waiting[];
  staff: BoardStaff[];
  cases: CaseRow[];
  service: { desk: Phase["desk"]; bot?: "ok" | "degraded" | "down" };
}

export interface Refused {
  code: string;
  message: string;
  retry_after?: number | null;
}

/** What every acknowledgement is: the answer, or why not. */
export type Answer<T> = ({ ok: true } & T) | { ok: false; error: Refused };
