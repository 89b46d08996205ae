/**
 * The secret of a link from a mail. It leaves the address bar before anything is shown, so that no history, screenshot
 * or shared address has it; the tab remembers it, so that a reload loses nothing. Each page has its own: the link of an invite sets no password.
 */
const key = () => `roster.link ${location.pathname}`;

export function isLinkSecret(hash: string): boolean {
    return new URLSearchParams(hash.slice(1)).has("token");
}

export function keepLinkSecret(): void {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (token === null) return;
    sessionStorage.setItem(key(), token);
    history.replaceState(history.state, "", location.pathname + location.search);
}

export function linkSecret(): string | null {
    return sessionStorage.getItem(key());
}

/** Notes that a new link was asked for in place of this one. */
export function noteRenewal(token: string): void {
    sessionStorage.setItem("roster.renewal", token);
}

export function isRenewalRequested(token: string): boolean {
    return sessionStorage.getItem("roster.renewal") === token;
}

export function forgetLinkSecret(): void {
    sessionStorage.removeItem(key());
}
