// The JSON routes. The session's cookie goes along by itself; the server checks the origin.

export interface Problem {
  code: string;
  message: string;
  field?: string;
  allowed?: string[];
}

export type Reply<T> = { ok: true; body: T } | { ok: false; status: number; error: Problem };

/** Status 0: the server was not reached. */
export async function call<T>(path: string, form?: object): Promise<Reply<T>> {
  try {
    const response = await fetch(path, {
      method: form ? "POST" : "GET",
      headers: form ? { "Content-Type": "application/json", Accept: "application/json" } : { Accept: "application/json" },
      credentials: "same-origin",
      ...(form ? { body: JSON.stringify(form) } : {}),
    });
    const body = (await response.json().catch(() => ({}))) as T & { error?: Problem };
    if (response.ok) return { ok: true, body };
    return { ok: false, status: response.status, error: body.error ?? { code: "internal", message: "" } };
  } catch {
    return { ok: false, status: 0, error: { code: "unavailable", message: "" } };
  }
}
