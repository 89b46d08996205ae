import createClient from "openapi-fetch";
import { texts } from "../texts";
import { Problem, problemOf } from "./problem";
import type { paths } from "./schema";
import { hasSession, signInAgain } from "./signin";

export const api = createClient<paths>({
    baseUrl: location.origin,
    fetch: send,
});

/** What the API answered; throws a [`Problem`] otherwise. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
    const { data, error, response } = await call;
    if (!response.ok) throw problemOf(error, response);
    return data as T;
}

/**
 * The keys of changes that got no answer. The same change sent again, by a second click or after the network came back,
 * has the same key, so that the server does it once.
 */
const unanswered = new Map<string, string>();

/**
 * Sends a request. Where the session has ended, the person signs in again over the page, and the request goes on as if
 * nothing had been.
 */
async function send(request: Request): Promise<Response> {
    let change = "";
    // Without a header of its own, a reading request is the one that the page has preloaded.
    if (request.method !== "GET") request.headers.set("X-Roster-Request", "1");
    if (request.method === "POST") {
        change = `${request.url} ${await request.clone().text()}`;
        const key = unanswered.get(change) ?? crypto.randomUUID();
        unanswered.set(change, key);
        request.headers.set("Idempotency-Key", key);
    }
    const again = request.clone();
    const response = await fetched(request);
    unanswered.delete(change);
    if (response.status === 401 && needsSession(request) && (await signInAgain())) return fetched(again);
    return response;
}

async function fetched(request: Request): Promise<Response> {
    try {
        return await fetch(request);
    } catch (error) {
        if (request.signal.aborted) throw error;
        throw new Problem(0, "network", texts.common.offline);
    }
}

/** Sends a request that is no part of the API, but of local installations. */
export async function local(method: "GET" | "DELETE", path: string): Promise<Response> {
    const response = await fetched(new Request(path, { method }));
    if (response.status >= 500) throw problemOf(null, response);
    return response;
}

/** Whether a 401 says that a session ended, and not that a password is wrong or that nobody was signed in. */
function needsSession(request: Request): boolean {
    const { pathname } = new URL(request.url);
    return hasSession() && pathname !== "/v1/session" && pathname !== "/v1/sessions" && pathname !== "/v1/setup";
}
