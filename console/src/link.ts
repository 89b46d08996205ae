/**
 * The secret of a link from a mail. It leaves the address bar before anything is shown, so that no history, screenshot
 * or shared address has it; the tab remembers it, so that a reload loses nothing.
 */
const KEY = "roster.link";

export function isLinkSecret(hash: string): boolean {
    return new URLSearchParams(hash.slice(1)).has("token");
}

export function keepLinkSecret(): void {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (token === null) return;
    sessionStorage.setItem(KEY, token);
    history.replaceState(history.state, "", location.pathname + location.search);
}

export function linkSecret(): string | null {
    return sessionStorage.getItem(KEY);
}

export function forgetLinkSecret(): void {
    sessionStorage.removeItem(KEY);
}
